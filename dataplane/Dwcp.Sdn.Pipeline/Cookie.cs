namespace Dwcp.Sdn.Pipeline;

/// <summary>What kind of need a rule comes from. The numbers stand in cookies on live switches and never change.</summary>
public enum NeedKind : ushort
{
    Base = 1,
    TunnelPort = 2,
    Vtep = 3,
    Network = 4,
    LocalFlood = 5,
    RemoteFlood = 6,
    Port = 7,
    RemoteHost = 8,
    FabricPort = 9,
}

/// <summary>The cookie of our rules: <c>0xD3C9 | kind16 | object32</c>. The object is the id of the kind, or derived from content for what is learned.</summary>
public readonly record struct Cookie(NeedKind Kind, uint Object)
{
    private const ulong Prefix = 0xD3C9;

    public ulong Value => (Prefix << 48) | ((ulong)Kind << 32) | Object;

    /// <summary>Whether a cookie carries our prefix.</summary>
    public static bool IsOurs(ulong cookie) => cookie >> 48 == Prefix;

    /// <summary>Takes a cookie apart; false when it is not ours.</summary>
    public static bool TryRead(ulong value, out Cookie cookie)
    {
        cookie = new Cookie((NeedKind)(ushort)(value >> 32), (uint)value);
        return IsOurs(value);
    }

    /// <summary>Thirty-two bits of a content: the same in every process, for things that have no allocated id (FNV-1a).</summary>
    internal static uint Derive(uint scope, UInt128 content)
    {
        var hash = 2166136261u;
        for (var shift = 0; shift < 32; shift += 8)
        {
            hash = (hash ^ (byte)(scope >> shift)) * 16777619u;
        }

        for (var shift = 0; shift < 128; shift += 8)
        {
            hash = (hash ^ (byte)(content >> shift)) * 16777619u;
        }

        return hash;
    }
}
