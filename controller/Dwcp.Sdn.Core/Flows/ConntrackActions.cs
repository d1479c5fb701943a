using System.Text;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Core.Flows;

/// <summary>Where a connection's zone comes from: a number, or 16 bits of a field.</summary>
public readonly record struct CtZoneSource(ushort Number, FieldBits? Bits = null)
{
    public override string ToString() => Bits?.ToString() ?? $"{Number}";
}

/// <summary>
/// Sends the packet through the connection tracker (NXAST_CT, ovs-actions(7)). With a table it comes back there, tracked; what it
/// carries is done to the connection, a NAT first.
/// </summary>
public sealed record ConntrackAction(CtZoneSource Zone = default, byte? Table = null, EquatableArray<FlowAction> Actions = default) : FlowAction
{
    /// <summary>The connection is remembered beyond this packet.</summary>
    public bool Commit { get; init; }

    /// <summary>A connection that goes the other way is forgotten and made anew.</summary>
    public bool Force { get; init; }

    /// <summary>The port of the protocol whose helper looks at it: 21 FTP, 69 TFTP; 0 none.</summary>
    public ushort Alg { get; init; }

    public override string ToString()
    {
        var parts = new List<string>();
        if (Commit)
        {
            parts.Add("commit");
        }

        if (Force)
        {
            parts.Add("force");
        }

        if (Table is { } table)
        {
            parts.Add($"table={table}");
        }

        if (Zone != default)
        {
            parts.Add($"zone={Zone}");
        }

        var rest = Actions.Items;
        if (rest is [NatAction nat, ..])
        {
            parts.Add(nat.ToString());
            rest = rest[1..];
        }

        if (rest.Length > 0)
        {
            parts.Add($"exec({string.Join(',', rest)})");
        }

        if (Alg != 0)
        {
            parts.Add($"alg={Alg switch { 21 => "ftp", 69 => "tftp", _ => Alg.ToString() }}");
        }

        return $"ct({string.Join(',', parts)})";
    }
}

/// <summary>NX_NAT_F_*.</summary>
[Flags]
public enum NatFlags : ushort
{
    None = 0,
    Source = 1,
    Destination = 2,
    Persistent = 4,
    Hash = 8,
    Random = 16,
}

/// <summary>Translates addresses of a connection (NXAST_NAT); without flags as the connection was committed. Ports are a range, zero for none.</summary>
public sealed record NatAction(NatFlags Flags = NatFlags.None, IpAddress? First = null, IpAddress? Last = null, ushort? FirstPort = null, ushort? LastPort = null) : FlowAction
{
    public override string ToString()
    {
        if ((Flags & (NatFlags.Source | NatFlags.Destination)) == 0)
        {
            return "nat";
        }

        var text = new StringBuilder((Flags & NatFlags.Source) != 0 ? "nat(src" : "nat(dst");
        if (First is { } first)
        {
            text.Append('=').Append(Bracketed(first));
            if (Last is { } last)
            {
                text.Append('-').Append(Bracketed(last));
            }

            if (FirstPort is { } port)
            {
                text.Append($":{port}").Append(LastPort is { } to ? $"-{to}" : "");
            }
        }

        foreach (var flag in new[] { NatFlags.Persistent, NatFlags.Hash, NatFlags.Random })
        {
            text.Append((Flags & flag) == 0 ? "" : $",{flag.ToString().ToLowerInvariant()}");
        }

        return text.Append(')').ToString();
    }

    private string Bracketed(IpAddress address) => address.IsV6 && FirstPort is not null ? $"[{address}]" : address.ToString();
}

/// <summary>Forgets what the connection tracker said about the packet (NXAST_CT_CLEAR).</summary>
public sealed record CtClearAction : FlowAction
{
    public override string ToString() => "ct_clear";
}
