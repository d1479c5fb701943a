using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>OFPMC_*, what is done with a meter.</summary>
public enum MeterModCommand : ushort
{
    Add = 0,
    Modify = 1,
    Delete = 2,
}

/// <summary>Adds, changes or deletes a meter (OpenFlow 1.3.5 §7.3.4.4). Open vSwitch takes no METER_MOD inside a bundle.</summary>
public sealed record MeterMod(MeterModCommand Command, Meter Meter) : OfMessage
{
    public override OfType Type => OfType.MeterMod;

    // 2 command | 2 flags | 4 meter | bands
    internal static OfMessage Read(ref WireReader r)
    {
        var command = (MeterModCommand)r.U16();
        if (command > MeterModCommand.Delete)
        {
            throw new WireException($"command {(ushort)command}");
        }

        var flags = (MeterFlags)r.U16();
        return new MeterMod(command, new(r.U32(), flags, MeterBands.Read(ref r)));
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U16((ushort)Command);
        w.U16((ushort)Meter.Flags);
        w.U32(Meter.Id);
        MeterBands.Write(w, Meter.Bands);
    }
}

/// <summary>The bands of a meter, in a METER_MOD and in a configuration.</summary>
internal static class MeterBands
{
    private const int Head = 12;
    private const int Known = 16;

    // 2 type | 2 length | 4 rate | 4 burst | 4: pad, or 1 precedence level and 3 pad; or data
    public static EquatableArray<MeterBand> Read(ref WireReader r)
    {
        var bands = new List<MeterBand>();
        while (r.Remaining > 0)
        {
            var type = (MeterBandType)r.U16();
            var length = r.U16();
            if (IsKnown(type) ? length != Known : length < Head)
            {
                throw new WireException($"meter band {(ushort)type} of {length} octets");
            }

            var (rate, burst) = (r.U32(), r.U32());
            if (!IsKnown(type))
            {
                bands.Add(new(type, rate, burst, 0, [.. r.Take(length - Head)]));
                continue;
            }

            bands.Add(new(type, rate, burst, r.U8()));
            r.Skip(3);
        }

        return [.. bands];
    }

    private static bool IsKnown(MeterBandType type) => type is MeterBandType.Drop or MeterBandType.DscpRemark;

    public static void Write(WireWriter w, EquatableArray<MeterBand> bands)
    {
        foreach (var band in bands)
        {
            w.U16((ushort)band.Type);
            w.U16(checked((ushort)(IsKnown(band.Type) ? Known : Head + band.Data.Count)));
            w.U32(band.Rate);
            w.U32(band.Burst);
            if (IsKnown(band.Type))
            {
                w.U8(band.PrecedenceLevel);
                w.Zeros(3);
            }
            else
            {
                w.Bytes(band.Data.AsSpan());
            }
        }
    }
}
