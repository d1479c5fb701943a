using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>The groups of a switch (OpenFlow 1.3.5 §7.3.5.10).</summary>
public sealed record GroupDescReply(EquatableArray<Group> Groups) : MultipartBody
{
    public override MultipartType Type => MultipartType.GroupDesc;

    internal static MultipartBody Read(ref WireReader r) => new GroupDescReply(Multipart.All(ref r, ReadOne));

    internal override void Write(WireWriter w)
    {
        foreach (var group in Groups)
        {
            var start = w.Length;
            w.U16(0);
            w.U8((byte)group.Type);
            w.Zeros(1);
            w.U32(group.Id);
            Buckets.Write(w, group.Buckets);
            w.PatchU16(start, w.Length - start);
        }
    }

    // 2 length | 1 type | 1 pad | 4 group | buckets
    private static Group ReadOne(ref WireReader all)
    {
        var length = all.U16();
        var r = all.Slice(length - 2);
        var type = (GroupType)r.U8();
        r.Skip(1);
        return new(r.U32(), type, Buckets.Read(ref r));
    }
}

/// <summary>Asks what a group (0xfffffffc: all) has counted.</summary>
public sealed record GroupStatsRequest(uint Group) : MultipartBody
{
    public const uint All = 0xffff_fffc;

    public override MultipartType Type => MultipartType.Group;

    // 4 group | 4 pad
    internal static MultipartBody Read(ref WireReader r)
    {
        var group = r.U32();
        r.Skip(4);
        return new GroupStatsRequest(group);
    }

    internal override void Write(WireWriter w)
    {
        w.U32(Group);
        w.Zeros(4);
    }
}

/// <summary>What one bucket has counted.</summary>
public readonly record struct BucketCounters(ulong Packets, ulong Bytes);

/// <summary>What one group has counted.</summary>
public sealed record GroupCounters(
    uint Group, uint References, ulong Packets, ulong Bytes, uint Seconds, uint Nanoseconds, EquatableArray<BucketCounters> Buckets);

/// <summary>What groups have counted (OpenFlow 1.3.5 §7.3.5.9).</summary>
public sealed record GroupStatsReply(EquatableArray<GroupCounters> Groups) : MultipartBody
{
    public override MultipartType Type => MultipartType.Group;

    internal static MultipartBody Read(ref WireReader r) => new GroupStatsReply(Multipart.All(ref r, ReadOne));

    internal override void Write(WireWriter w)
    {
        foreach (var g in Groups)
        {
            w.U16((ushort)(40 + (16 * g.Buckets.Count)));
            w.Zeros(2);
            w.U32(g.Group);
            w.U32(g.References);
            w.Zeros(4);
            w.U64(g.Packets);
            w.U64(g.Bytes);
            w.U32(g.Seconds);
            w.U32(g.Nanoseconds);
            foreach (var b in g.Buckets)
            {
                w.U64(b.Packets);
                w.U64(b.Bytes);
            }
        }
    }

    // 2 length | 2 pad | 4 group | 4 references | 4 pad | 8 packets | 8 bytes | 4 seconds | 4 nanoseconds | 16 per bucket
    private static GroupCounters ReadOne(ref WireReader all)
    {
        var length = all.U16();
        var r = all.Slice(length - 2);
        r.Skip(2);
        var group = r.U32();
        var references = r.U32();
        r.Skip(4);
        return new(
            group, references, r.U64(), r.U64(), r.U32(), r.U32(), Multipart.All(ref r, (ref b) => new BucketCounters(b.U64(), b.U64())));
    }
}

/// <summary>What a switch can do with groups: a bit per type and capability, and for each type a maximum and a bit per action (OpenFlow 1.3.5 §7.3.5.11).</summary>
public sealed record GroupFeatures(uint Types, uint Capabilities, EquatableArray<uint> Maximum, EquatableArray<uint> Actions) : MultipartBody
{
    public override MultipartType Type => MultipartType.GroupFeatures;

    // 4 types | 4 capabilities | 4 × 4 maximum | 4 × 4 actions
    internal static MultipartBody Read(ref WireReader r) =>
        new GroupFeatures(r.U32(), r.U32(), [r.U32(), r.U32(), r.U32(), r.U32()], [r.U32(), r.U32(), r.U32(), r.U32()]);

    internal override void Write(WireWriter w)
    {
        w.U32(Types);
        w.U32(Capabilities);
        foreach (var maximum in Maximum)
        {
            w.U32(maximum);
        }

        foreach (var actions in Actions)
        {
            w.U32(actions);
        }
    }
}
