using System.Buffers.Binary;
using System.Collections.Frozen;

namespace Dwcp.Sdn.Southbound.OpenFlow.Wire;

/// <summary>The names of OFPT_ERROR types and codes (OpenFlow 1.3.5 §7.4.4) and of the bundle extension's.</summary>
public static class ErrorNames
{
    internal const ushort HelloFailed = 0;
    internal const ushort BadRequest = 1;
    internal const ushort RoleRequestFailed = 11;
    internal const ushort ExperimenterType = 0xffff;

    // The place of a name is its code.
    private static readonly FrozenDictionary<ushort, (string Prefix, string[] Codes)> Types = new Dictionary<ushort, (string, string[])>
    {
        [HelloFailed] = ("OFPHFC", ["INCOMPATIBLE", "EPERM"]),
        [BadRequest] = ("OFPBRC",
        [
            "BAD_VERSION", "BAD_TYPE", "BAD_MULTIPART", "BAD_EXPERIMENTER", "BAD_EXP_TYPE", "EPERM", "BAD_LEN", "BUFFER_EMPTY", "BUFFER_UNKNOWN",
            "BAD_TABLE_ID", "IS_SLAVE", "BAD_PORT", "BAD_PACKET", "MULTIPART_BUFFER_OVERFLOW",
        ]),
        [2] = ("OFPBAC",
        [
            "BAD_TYPE", "BAD_LEN", "BAD_EXPERIMENTER", "BAD_EXP_TYPE", "BAD_OUT_PORT", "BAD_ARGUMENT", "EPERM", "TOO_MANY", "BAD_QUEUE", "BAD_OUT_GROUP",
            "MATCH_INCONSISTENT", "UNSUPPORTED_ORDER", "BAD_TAG", "BAD_SET_TYPE", "BAD_SET_LEN", "BAD_SET_ARGUMENT",
        ]),
        [3] = ("OFPBIC",
        [
            "UNKNOWN_INST", "UNSUP_INST", "BAD_TABLE_ID", "UNSUP_METADATA", "UNSUP_METADATA_MASK", "BAD_EXPERIMENTER", "BAD_EXP_TYPE", "BAD_LEN", "EPERM",
            "DUP_INST",
        ]),
        [4] = ("OFPBMC",
        [
            "BAD_TYPE", "BAD_LEN", "BAD_TAG", "BAD_DL_ADDR_MASK", "BAD_NW_ADDR_MASK", "BAD_WILDCARDS", "BAD_FIELD", "BAD_VALUE", "BAD_MASK", "BAD_PREREQ",
            "DUP_FIELD", "EPERM",
        ]),
        [5] = ("OFPFMFC", ["UNKNOWN", "TABLE_FULL", "BAD_TABLE_ID", "OVERLAP", "EPERM", "BAD_TIMEOUT", "BAD_COMMAND", "BAD_FLAGS"]),
        [6] = ("OFPGMFC",
        [
            "GROUP_EXISTS", "INVALID_GROUP", "WEIGHT_UNSUPPORTED", "OUT_OF_GROUPS", "OUT_OF_BUCKETS", "CHAINING_UNSUPPORTED", "WATCH_UNSUPPORTED", "LOOP",
            "UNKNOWN_GROUP", "CHAINED_GROUP", "BAD_TYPE", "BAD_COMMAND", "BAD_BUCKET", "BAD_WATCH", "EPERM",
        ]),
        [7] = ("OFPPMFC", ["BAD_PORT", "BAD_HW_ADDR", "BAD_CONFIG", "BAD_ADVERTISE", "EPERM"]),
        [8] = ("OFPTMFC", ["BAD_TABLE", "BAD_CONFIG", "EPERM"]),
        [9] = ("OFPQOFC", ["BAD_PORT", "BAD_QUEUE", "EPERM"]),
        [10] = ("OFPSCFC", ["BAD_FLAGS", "BAD_LEN", "EPERM"]),
        [RoleRequestFailed] = ("OFPRRFC", ["STALE", "UNSUP", "BAD_ROLE"]),
        [12] = ("OFPMMFC",
        [
            "UNKNOWN", "METER_EXISTS", "INVALID_METER", "UNKNOWN_METER", "BAD_COMMAND", "BAD_FLAGS", "BAD_RATE", "BAD_BURST", "BAD_BAND", "BAD_BAND_VALUE",
            "OUT_OF_METERS", "OUT_OF_BANDS",
        ]),
        [13] = ("OFPTFFC", ["BAD_TABLE", "BAD_METADATA", "BAD_TYPE", "BAD_LEN", "BAD_ARGUMENT", "EPERM"]),
    }.ToFrozenDictionary();

    // ONF extension 230: experimenter errors from 2300 on, in the order of OpenFlow 1.4's OFPBFC_*.
    private static readonly string[] BundleCodes =
    [
        "UNKNOWN", "EPERM", "BAD_ID", "BUNDLE_EXIST", "BUNDLE_CLOSED", "OUT_OF_BUNDLES", "BAD_TYPE", "BAD_FLAGS", "MSG_BAD_LEN", "MSG_BAD_XID",
        "MSG_UNSUP", "MSG_CONFLICT", "MSG_TOO_MANY", "MSG_FAILED", "TIMEOUT", "BUNDLE_IN_PROGRESS",
    ];

    private const ushort FirstBundleError = 2300;

    public static string Of(OfError error)
    {
        if (error.ErrorType == ExperimenterType)
        {
            var experimenter = error.Data.Count >= 4 ? BinaryPrimitives.ReadUInt32BigEndian(error.Data.AsSpan()) : 0;
            var place = error.Code - FirstBundleError;
            return experimenter == Experimenter.Onf && place >= 0 && place < BundleCodes.Length
                ? $"OFPBFC_{BundleCodes[place]}"
                : $"experimenter 0x{experimenter:x8} error {error.Code}";
        }

        return Types.TryGetValue(error.ErrorType, out var row)
            ? error.Code < row.Codes.Length ? $"{row.Prefix}_{row.Codes[error.Code]}" : $"{row.Prefix}_{error.Code}"
            : $"error {error.ErrorType}/{error.Code}";
    }
}
