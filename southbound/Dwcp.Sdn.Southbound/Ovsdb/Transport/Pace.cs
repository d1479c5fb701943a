namespace Dwcp.Sdn.Southbound.Ovsdb.Transport;

/// <summary>How many messages of one peer we handle in a moment; it waits for the next one with the rest, so that a flood takes no time from others.</summary>
internal sealed class Pace(TimeProvider clock)
{
    /// <summary>A host with 10,000 interfaces sends less when all of them go down.</summary>
    public const int Messages = 1000;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    private long began = clock.GetTimestamp();
    private int handled;

    /// <summary>So many messages have come; completes when more may.</summary>
    public ValueTask TookAsync(int messages)
    {
        var passed = clock.GetElapsedTime(began);
        if (passed >= Moment)
        {
            (began, handled, passed) = (clock.GetTimestamp(), 0, TimeSpan.Zero);
        }

        handled += messages;
        return handled > Messages ? new ValueTask(Task.Delay(Moment - passed, clock)) : ValueTask.CompletedTask;
    }
}
