using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>Asks how a meter (0xffffffff: all) is configured.</summary>
public sealed record MeterConfigRequest(uint Meter = MeterStatsRequest.All) : MultipartBody
{
    public override MultipartType Type => MultipartType.MeterConfig;

    // 4 meter | 4 pad
    internal static MultipartBody Read(ref WireReader r)
    {
        var meter = r.U32();
        r.Skip(4);
        return new MeterConfigRequest(meter);
    }

    internal override void Write(WireWriter w)
    {
        w.U32(Meter);
        w.Zeros(4);
    }
}

/// <summary>How meters are configured (OpenFlow 1.3.5 §7.3.5.13).</summary>
public sealed record MeterConfigReply(EquatableArray<Meter> Meters) : MultipartBody
{
    public override MultipartType Type => MultipartType.MeterConfig;

    internal static MultipartBody Read(ref WireReader r) => new MeterConfigReply(Multipart.All(ref r, ReadOne));

    internal override void Write(WireWriter w)
    {
        foreach (var meter in Meters)
        {
            var start = w.Length;
            w.U16(0);
            w.U16((ushort)meter.Flags);
            w.U32(meter.Id);
            MeterBands.Write(w, meter.Bands);
            w.PatchU16(start, w.Length - start);
        }
    }

    // 2 length | 2 flags | 4 meter | bands
    private static Meter ReadOne(ref WireReader all)
    {
        var length = all.U16();
        var r = all.Slice(length - 2);
        var flags = (MeterFlags)r.U16();
        return new(r.U32(), flags, MeterBands.Read(ref r));
    }
}

/// <summary>Asks what a meter (0xffffffff: all) has counted.</summary>
public sealed record MeterStatsRequest(uint Meter = MeterStatsRequest.All) : MultipartBody
{
    public const uint All = 0xffff_ffff;

    public override MultipartType Type => MultipartType.Meter;

    // 4 meter | 4 pad
    internal static MultipartBody Read(ref WireReader r)
    {
        var meter = r.U32();
        r.Skip(4);
        return new MeterStatsRequest(meter);
    }

    internal override void Write(WireWriter w)
    {
        w.U32(Meter);
        w.Zeros(4);
    }
}

/// <summary>What one band has counted.</summary>
public readonly record struct BandCounters(ulong Packets, ulong Bytes);

/// <summary>What one meter has counted.</summary>
public sealed record MeterCounters(
    uint Meter, uint Flows, ulong PacketsIn, ulong BytesIn, uint Seconds, uint Nanoseconds, EquatableArray<BandCounters> Bands);

/// <summary>What meters have counted (OpenFlow 1.3.5 §7.3.5.12).</summary>
public sealed record MeterStatsReply(EquatableArray<MeterCounters> Meters) : MultipartBody
{
    public override MultipartType Type => MultipartType.Meter;

    internal static MultipartBody Read(ref WireReader r) => new MeterStatsReply(Multipart.All(ref r, ReadOne));

    internal override void Write(WireWriter w)
    {
        foreach (var m in Meters)
        {
            w.U32(m.Meter);
            w.U16((ushort)(40 + (16 * m.Bands.Count)));
            w.Zeros(6);
            w.U32(m.Flows);
            w.U64(m.PacketsIn);
            w.U64(m.BytesIn);
            w.U32(m.Seconds);
            w.U32(m.Nanoseconds);
            foreach (var b in m.Bands)
            {
                w.U64(b.Packets);
                w.U64(b.Bytes);
            }
        }
    }

    // 4 meter | 2 length | 6 pad | 4 flows | 8 packets | 8 bytes | 4 seconds | 4 nanoseconds | 16 per band
    private static MeterCounters ReadOne(ref WireReader all)
    {
        var meter = all.U32();
        var length = all.U16();
        var r = all.Slice(length - 6);
        r.Skip(6);
        return new(
            meter, r.U32(), r.U64(), r.U64(), r.U32(), r.U32(), Multipart.All(ref r, (ref b) => new BandCounters(b.U64(), b.U64())));
    }
}

/// <summary>What a switch can do with meters: a bit per band type and capability (OpenFlow 1.3.5 §7.3.5.14).</summary>
public sealed record MeterFeatures(uint MaxMeters, uint BandTypes, uint Capabilities, byte MaxBands, byte MaxColor) : MultipartBody
{
    public override MultipartType Type => MultipartType.MeterFeatures;

    // 4 meters | 4 band types | 4 capabilities | 1 bands | 1 colours | 2 pad
    internal static MultipartBody Read(ref WireReader r)
    {
        var features = new MeterFeatures(r.U32(), r.U32(), r.U32(), r.U8(), r.U8());
        r.Skip(2);
        return features;
    }

    internal override void Write(WireWriter w)
    {
        w.U32(MaxMeters);
        w.U32(BandTypes);
        w.U32(Capabilities);
        w.U8(MaxBands);
        w.U8(MaxColor);
        w.Zeros(2);
    }
}
