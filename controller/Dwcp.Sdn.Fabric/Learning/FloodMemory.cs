using System.Runtime.InteropServices;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Learning;

/// <summary>
/// Which frames were flooded lately and from where. A flooded frame that comes back by another port has gone in a circle: the
/// first copy wins, as in ARP-Path bridging, so that nothing loops before the links are known.
/// </summary>
internal sealed class FloodMemory
{
    /// <summary>Frames that are remembered at most; beyond them the oldest goes.</summary>
    public const int Most = 16_384;

    private readonly Dictionary<ulong, Flooded> frames = [];
    private readonly Queue<(ulong Frame, TimeSpan Until)> oldest = new();

    public int Count => frames.Count;

    /// <summary>What a frame is known by.</summary>
    public static ulong NameOf(ReadOnlySpan<byte> frame)
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

    /// <summary>Whether the frame was flooded a moment ago from another port.</summary>
    public bool CameBack(ulong frame, PortNumber port, TimeSpan now) =>
        frames.TryGetValue(frame, out var flooded) && flooded.Port != port && now < flooded.Until;

    /// <summary>The frame goes on from this port.</summary>
    public void Remember(ulong frame, PortNumber port, TimeSpan now, TimeSpan memory)
    {
        while (oldest.TryPeek(out var old) && (old.Until <= now || oldest.Count >= Most))
        {
            oldest.Dequeue();
            if (frames.TryGetValue(old.Frame, out var flooded) && flooded.Until == old.Until)
            {
                frames.Remove(old.Frame);
            }
        }

        frames[frame] = new(port, now + memory);
        oldest.Enqueue((frame, now + memory));
    }

    public void Clear()
    {
        frames.Clear();
        oldest.Clear();
    }

    private static ulong Mix(ulong value)
    {
        value *= 0xff51_afd7_ed55_8ccd;
        return value ^ (value >> 33);
    }

    private readonly record struct Flooded(PortNumber Port, TimeSpan Until);
}
