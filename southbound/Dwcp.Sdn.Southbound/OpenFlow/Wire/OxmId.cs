using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>
/// A field as the features of a table name it: the head of an OXM entry without the entry (OpenFlow 1.3.5 §7.3.5.5.2).
/// <paramref name="Length"/> is that of the head; <paramref name="Experimenter"/> is there if the class is 0xffff.
/// </summary>
public readonly record struct OxmId(ushort Class, byte Code, bool HasMask, byte Length, uint? Experimenter = null)
{
    /// <summary>The row of the catalogue, or null.</summary>
    public Field? Field => Oxm.Find(Oxm.Key(Class, Code, Experimenter ?? 0))?.Field;

    /// <summary>The field under the code with which a match has it.</summary>
    public static OxmId Of(Field field, bool hasMask = false)
    {
        var code = Oxm.Of(field);
        var isExperimenter = code.Class == OxmCode.ExperimenterClass;
        return new(code.Class, code.Code, hasMask, (byte)((hasMask ? 2 * code.Bytes : code.Bytes) + (isExperimenter ? 4 : 0)), isExperimenter ? code.Experimenter : null);
    }

    // 2 class | 7 bits field | 1 bit "has mask" | 1 length | of class 0xffff 4 experimenter
    internal static OxmId Read(ref WireReader r)
    {
        var ahead = r;
        var head = Oxm.ReadHead(ref ahead);
        var (oxmClass, code, length) = (r.U16(), r.U8(), r.U8());
        if (head.Code is { } known && head.Length != known.Bytes && (!head.HasMask || head.Length != 2 * known.Bytes))
        {
            throw new WireException($"{known.Field} of {head.Length} octets");
        }

        return new(oxmClass, (byte)(code >> 1), head.HasMask, length, oxmClass == OxmCode.ExperimenterClass ? r.U32() : null);
    }

    internal void Write(WireWriter w)
    {
        w.U16(Class);
        w.U8((byte)((Code << 1) | (HasMask ? 1 : 0)));
        w.U8(Length);
        if (Experimenter is { } experimenter)
        {
            w.U32(experimenter);
        }
    }
}
