using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Learning;

/// <summary>Where a station was last seen.</summary>
/// <param name="Port">The port.</param>
/// <param name="Seen">When a frame of it last came.</param>
/// <param name="Moved">When it came to this port from another; the start of time for one that never moved.</param>
public readonly record struct Station(PortNumber Port, TimeSpan Seen, TimeSpan Moved);

/// <summary>
/// The stations of one switch by MAC and VLAN (independent learning, IEEE 802.1Q §8.7). It allocates when it grows and never
/// otherwise; full, a new station takes the place of the one not seen for longest among its neighbours.
/// </summary>
/// <param name="limit">Stations that it holds at most; a power of two.</param>
/// <param name="age">A station not seen for that long is forgotten.</param>
public sealed class MacTable(int limit, TimeSpan age)
{
    private const int Ways = 8;
    private const int FirstSize = 64;
    private const ulong Taken = 1ul << 63;

    private Entry[] entries = [];

    /// <summary>The station, unless it is unknown or too long silent.</summary>
    public Station? Find(MacAddress mac, ushort? vlan, TimeSpan now)
    {
        if (entries.Length == 0)
        {
            return null;
        }

        var key = KeyOf(mac, vlan);
        foreach (ref readonly var entry in SetOf(key))
        {
            if (entry.Key == key)
            {
                return now - entry.Station.Seen < age ? entry.Station : null;
            }
        }

        return null;
    }

    /// <summary>Writes down a station.</summary>
    public void Set(MacAddress mac, ushort? vlan, Station station)
    {
        var key = KeyOf(mac, vlan);
        if (entries.Length == 0)
        {
            entries = new Entry[FirstSize];
        }

        while (true)
        {
            ref var place = ref PlaceOf(key);
            if (place.Key == key || place.Key == 0 || station.Seen - place.Station.Seen >= age || entries.Length >= limit)
            {
                place = new Entry { Key = key, Station = station };
                return;
            }

            Grow();
        }
    }

    /// <summary>Forgets who is behind these ports.</summary>
    public void Remove(IReadOnlySet<PortNumber> ports)
    {
        foreach (ref var entry in ports.Count > 0 ? entries.AsSpan() : [])
        {
            if (entry.Key != 0 && ports.Contains(entry.Station.Port))
            {
                entry = default;
            }
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => entries = [];

    private static ulong KeyOf(MacAddress mac, ushort? vlan) => mac.Value | ((ulong)(vlan + 1 ?? 0) << 48) | Taken;

    private Span<Entry> SetOf(ulong key)
    {
        // Fibonacci hashing: the high bits of the product are well mixed, also for MACs that are counted up.
        var sets = entries.Length / Ways;
        var set = (int)((key * 0x9e37_79b9_7f4a_7c15) >> 32) & (sets - 1);
        return entries.AsSpan(set * Ways, Ways);
    }

    /// <summary>The entry of the key, else a free one, else the one longest not seen.</summary>
    private ref Entry PlaceOf(ulong key)
    {
        var set = SetOf(key);
        var best = 0;
        for (var i = 0; i < set.Length; i++)
        {
            if (set[i].Key == key)
            {
                return ref set[i];
            }

            if (set[best].Key != 0 && (set[i].Key == 0 || set[i].Station.Seen < set[best].Station.Seen))
            {
                best = i;
            }
        }

        return ref set[best];
    }

    private void Grow()
    {
        var old = entries;
        entries = new Entry[old.Length * 2];
        foreach (var entry in old)
        {
            if (entry.Key != 0)
            {
                PlaceOf(entry.Key) = entry;
            }
        }
    }

    private struct Entry
    {
        public ulong Key;
        public Station Station;
    }
}
