namespace Dwcp.Sdn.Pki;

/// <summary>What an authority cannot do: what is wrong, and what helps.</summary>
public sealed class PkiException(string message, string remedy, Exception? inner = null) : Exception(message, inner)
{
    public string Remedy { get; } = remedy;
}
