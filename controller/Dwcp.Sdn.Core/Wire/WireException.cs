namespace Dwcp.Sdn.Core.Wire;

/// <summary>A peer sent bytes that no reader accepts; caught once, by the session, which answers in its protocol's words.</summary>
public sealed class WireException(string message) : Exception(message);
