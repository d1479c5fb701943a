namespace Dwcp.Sdn.Core.Flows;

/// <summary>OFPMF_* (OpenFlow 1.3.5 §7.3.4.4).</summary>
[Flags]
public enum MeterFlags : ushort
{
    None = 0,
    Kbps = 1,
    Pps = 2,
    Burst = 4,
    Stats = 8,
}

/// <summary>What a band does above its rate.</summary>
public enum MeterBandType : ushort
{
    Drop = 1,
    DscpRemark = 2,
    Experimenter = 0xffff,
}

/// <summary>
/// A band of a meter: rate and burst in the unit of the meter's flags (kbit/s or packets/s; kbit or packets). <paramref name="Data"/> is
/// what follows the burst in a band that neither drops nor remarks: an experimenter and what is its own.
/// </summary>
public readonly record struct MeterBand(MeterBandType Type, uint Rate, uint Burst, byte PrecedenceLevel = 0, EquatableArray<byte> Data = default);

/// <summary>A meter: a number from 1 (up to 0xffff0000; above are OVS's virtual ones), its unit and its bands.</summary>
public sealed record Meter(uint Id, MeterFlags Flags, EquatableArray<MeterBand> Bands)
{
    /// <summary>OFPM_SLOWPATH: everything that OVS itself handles in user space.</summary>
    public const uint Slowpath = 0xffff_fffd;

    /// <summary>OFPM_CONTROLLER: everything sent to a controller.</summary>
    public const uint Controller = 0xffff_fffe;

    public override string ToString() => $"meter={Id} {Flags} {string.Join(' ', Bands)}";
}
