using System.Text;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>OFPPC_*, what an administrator decided about a port.</summary>
[Flags]
public enum PortConfig : uint
{
    None = 0,
    Down = 1,
    NoReceive = 4,
    NoForward = 32,
    NoPacketIn = 64,
}

/// <summary>OFPPS_*, what a port is found to be. Live is what a fast-failover group looks at; BFD of a tunnel clears it.</summary>
[Flags]
public enum PortState : uint
{
    None = 0,
    LinkDown = 1,
    Blocked = 2,
    Live = 4,
}

/// <summary>A port of a switch (OpenFlow 1.3.5 §7.2.1). Rates are in kbit/s, features are bits of OFPPF_*.</summary>
public sealed record PortDesc(
    PortNumber Number,
    MacAddress Mac,
    string Name,
    PortConfig Config,
    PortState State,
    uint Current = 0,
    uint Advertised = 0,
    uint Supported = 0,
    uint Peer = 0,
    uint CurrentRate = 0,
    uint MaximumRate = 0)
{
    internal const int Size = 64;

    // 4 number | 4 pad | 6 mac | 2 pad | 16 name | 4 config | 4 state | 4 × 4 features | 4 current rate | 4 maximum rate
    internal static PortDesc Read(ref WireReader r)
    {
        var number = new PortNumber(r.U32());
        r.Skip(4);
        var mac = new MacAddress(r.U48());
        r.Skip(2);
        return new(
            number, mac, FixedText.Read(ref r, 16), (PortConfig)r.U32(), (PortState)r.U32(),
            r.U32(), r.U32(), r.U32(), r.U32(), r.U32(), r.U32());
    }

    internal void Write(WireWriter w)
    {
        w.U32(Number.Value);
        w.Zeros(4);
        w.U48(Mac.Value);
        w.Zeros(2);
        FixedText.Write(w, Name, 16);
        w.U32((uint)Config);
        w.U32((uint)State);
        w.U32(Current);
        w.U32(Advertised);
        w.U32(Supported);
        w.U32(Peer);
        w.U32(CurrentRate);
        w.U32(MaximumRate);
    }
}

/// <summary>OFPPR_*, why a port is told about.</summary>
public enum PortReason : byte
{
    Add = 0,
    Delete = 1,
    Modify = 2,
}

/// <summary>A port came, went or changed (OpenFlow 1.3.5 §7.4.3).</summary>
public sealed record PortStatus(PortReason Reason, PortDesc Port) : OfMessage
{
    public override OfType Type => OfType.PortStatus;

    // 1 reason | 7 pad | 64 port
    internal static OfMessage Read(ref WireReader r)
    {
        var reason = (PortReason)r.U8();
        r.Skip(7);
        return new PortStatus(reason, PortDesc.Read(ref r));
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U8((byte)Reason);
        w.Zeros(7);
        Port.Write(w);
    }
}

/// <summary>Changes the configuration of a port: the bits under the mask (OpenFlow 1.3.5 §7.3.4.3).</summary>
public sealed record PortMod(PortNumber Port, MacAddress Mac, PortConfig Config, PortConfig Mask, uint Advertise = 0) : OfMessage
{
    public override OfType Type => OfType.PortMod;

    // 4 port | 4 pad | 6 mac | 2 pad | 4 config | 4 mask | 4 advertise | 4 pad
    internal static OfMessage Read(ref WireReader r)
    {
        var port = new PortNumber(r.U32());
        r.Skip(4);
        var mac = new MacAddress(r.U48());
        r.Skip(2);
        var mod = new PortMod(port, mac, (PortConfig)r.U32(), (PortConfig)r.U32(), r.U32());
        r.Skip(4);
        return mod;
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U32(Port.Value);
        w.Zeros(4);
        w.U48(Mac.Value);
        w.Zeros(2);
        w.U32((uint)Config);
        w.U32((uint)Mask);
        w.U32(Advertise);
        w.Zeros(4);
    }
}

/// <summary>Text in a field of fixed width, ended by a zero unless it fills it.</summary>
internal static class FixedText
{
    public static string Read(ref WireReader r, int width)
    {
        var bytes = r.Take(width);
        var end = bytes.IndexOf((byte)0);

        // Latin-1 keeps every octet, whatever a switch calls its ports.
        return Encoding.Latin1.GetString(end < 0 ? bytes : bytes[..end]);
    }

    public static void Write(WireWriter w, string text, int width)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        var count = Math.Min(bytes.Length, width);
        w.Bytes(bytes.AsSpan(0, count));
        w.Zeros(width - count);
    }
}
