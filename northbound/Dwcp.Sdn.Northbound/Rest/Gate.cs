namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>Lets so many be within at once, and no more.</summary>
internal sealed class Gate(int places)
{
    private int _within;
    private volatile int _places = places;

    /// <summary>How many there are; fewer than those within send nobody away.</summary>
    public int Places
    {
        get => _places;
        set => _places = value;
    }

    /// <summary>A place within, given back when it is disposed of; null when all are taken.</summary>
    public Place? TryEnter()
    {
        if (Interlocked.Increment(ref _within) <= _places)
        {
            return new(this);
        }

        Interlocked.Decrement(ref _within);
        return null;
    }

    public readonly struct Place(Gate gate) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref gate._within);
    }
}
