using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>OFPGC_*, what is done with a group.</summary>
public enum GroupModCommand : ushort
{
    Add = 0,
    Modify = 1,
    Delete = 2,
}

/// <summary>Adds, changes or deletes a group (OpenFlow 1.3.5 §7.3.4.2). Deleting also deletes the flows that use it; 0xfffffffc deletes all.</summary>
public sealed record GroupMod(GroupModCommand Command, Group Group) : OfMessage
{
    public override OfType Type => OfType.GroupMod;

    // 2 command | 1 type | 1 pad | 4 group | buckets
    internal static OfMessage Read(ref WireReader r)
    {
        var command = (GroupModCommand)r.U16();
        if (command > GroupModCommand.Delete)
        {
            throw new WireException($"command {(ushort)command}");
        }

        var type = (GroupType)r.U8();
        r.Skip(1);
        return new GroupMod(command, new(r.U32(), type, Buckets.Read(ref r)));
    }

    internal override void WriteBody(WireWriter w)
    {
        w.U16((ushort)Command);
        w.U8((byte)Group.Type);
        w.Zeros(1);
        w.U32(Group.Id);
        Buckets.Write(w, Group.Buckets);
    }
}

/// <summary>The buckets of a group, in a GROUP_MOD and in a description.</summary>
internal static class Buckets
{
    // 2 length | 2 weight | 4 watch port | 4 watch group | 4 pad | actions
    public static EquatableArray<Bucket> Read(ref WireReader r)
    {
        var buckets = new List<Bucket>();
        while (r.Remaining > 0)
        {
            var length = r.U16();
            var b = r.Slice(length - 2);
            var weight = b.U16();
            var port = b.U32();
            var group = b.U32();
            b.Skip(4);
            buckets.Add(new(Actions.Read(ref b)) { Weight = weight, WatchPort = port, WatchGroup = group });
        }

        return [.. buckets];
    }

    public static void Write(WireWriter w, EquatableArray<Bucket> buckets)
    {
        foreach (var bucket in buckets)
        {
            var start = w.Length;
            w.U16(0);
            w.U16(bucket.Weight);
            w.U32(bucket.WatchPort);
            w.U32(bucket.WatchGroup);
            w.Zeros(4);
            Actions.Write(w, bucket.Actions.AsSpan());
            w.PatchU16(start, w.Length - start);
        }
    }
}
