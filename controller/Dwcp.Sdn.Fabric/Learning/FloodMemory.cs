using System.Runtime.InteropServices;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Learning;

/// <summary>
/// Which frames were flooded lately and from where. A flooded frame that comes back by another port has gone in a circle: the
/// first copy wins, as in ARP-Path bridging, so that nothing loops before the links are known.
/// </summary>
internal sealed class FloodMemory
{
    private const int Places = 1024;
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(1);

    private Entry[] entries = [];

    /// <summary>Whether the frame was flooded a moment ago from another port; else it is remembered.</summary>
    public bool CameBack(PortNumber port, ReadOnlySpan<byte> frame, TimeSpan now)
    {
        if (entries.Length == 0)
        {
            entries = new Entry[Places];
        }

        var hash = HashOf(frame);
        ref var entry = ref entries[(int)(hash & (Places - 1))];
        if (entry.Hash == hash && entry.Port != port && now < entry.Until)
        {
            return true;
        }

        entry = new Entry { Hash = hash, Port = port, Until = now + Memory };
        return false;
    }

    public void Clear() => entries = [];

    private static ulong HashOf(ReadOnlySpan<byte> frame)
    {
        var hash = 0x9e37_79b9_7f4a_7c15 ^ (ulong)frame.Length;
        var words = MemoryMarshal.Cast<byte, ulong>(frame);
        foreach (var word in words)
        {
            hash = Mix(hash ^ word);
        }

        foreach (var octet in frame[(words.Length * 8)..])
        {
            hash = Mix(hash ^ octet);
        }

        return hash ^ (hash >> 32);
    }

    private static ulong Mix(ulong value)
    {
        value *= 0xff51_afd7_ed55_8ccd;
        return value ^ (value >> 33);
    }

    private struct Entry
    {
        public ulong Hash;
        public PortNumber Port;
        public TimeSpan Until;
    }
}
