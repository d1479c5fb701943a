using System.Collections.Immutable;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

/// <summary>A request that waits for its answers, found by transaction id.</summary>
internal abstract class Request(uint first, uint last)
{
    public uint First => first;

    public uint Last => last;

    /// <summary>Takes an answer; true when it was the last.</summary>
    /// <exception cref="WireException">The answer is not one to this request.</exception>
    public abstract bool OnAnswer(OfHeader header, ReadOnlySpan<byte> message);

    public abstract void Fail(Exception e);
}

/// <summary>A request with one answer, or several with OFPMPF_REPLY_MORE, each of which <paramref name="take"/> turns into items.</summary>
internal sealed class Question<T>(DatapathId @switch, uint xid, string what, int limit, Func<OfMessage, ImmutableArray<T>?> take) : Request(xid, xid)
{
    private readonly TaskCompletionSource<ImmutableArray<T>> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ImmutableArray<T>.Builder items = ImmutableArray.CreateBuilder<T>();
    private long octets;

    public Task<ImmutableArray<T>> Answer => done.Task;

    public override bool OnAnswer(OfHeader header, ReadOnlySpan<byte> message)
    {
        var answer = OfCodec.Read(message, out _);
        if (answer is OfError error)
        {
            done.TrySetException(new SwitchRefusedException(@switch, [new(what, header.Xid, error.ErrorType, error.Code, error.Name)]));
            return true;
        }

        octets += message.Length;
        if (octets > limit)
        {
            throw new WireException($"more than {limit} octets in answer to {what}");
        }

        items.AddRange(take(answer) ?? throw new WireException($"{answer.Type} in answer to {what}"));
        if (answer is MultipartReply { More: true })
        {
            return false;
        }

        done.TrySetResult(items.DrainToImmutable());
        return true;
    }

    public override void Fail(Exception e) => done.TrySetException(e);
}

/// <summary>A run of messages without answers of their own, closed by a barrier; errors to any of them are gathered.</summary>
internal sealed class Batch(DatapathId @switch, uint first, uint barrier, Func<uint, string> describe) : Request(first, barrier)
{
    private const int MaxRefusals = 64;

    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ImmutableArray<SwitchRefusal>.Builder refusals = ImmutableArray.CreateBuilder<SwitchRefusal>();

    public Task Done => done.Task;

    public override bool OnAnswer(OfHeader header, ReadOnlySpan<byte> message)
    {
        switch (OfCodec.Read(message, out _))
        {
            case OfError error when refusals.Count < MaxRefusals:
                refusals.Add(new(describe(header.Xid - First), header.Xid, error.ErrorType, error.Code, error.Name));
                return false;
            case BarrierReply when header.Xid == Last && refusals.Count == 0:
                done.TrySetResult();
                return true;
            case BarrierReply when header.Xid == Last:
                done.TrySetException(new SwitchRefusedException(@switch, refusals.ToImmutable()));
                return true;
            default:
                return false;
        }
    }

    public override void Fail(Exception e) => done.TrySetException(e);
}

/// <summary>The requests of one connection that wait for answers, and its transaction ids.</summary>
internal sealed class Requests
{
    private readonly Lock gate = new();
    private readonly List<Request> waiting = [];
    private Exception? over;
    private uint next = 1;

    /// <summary>Takes <paramref name="count"/> ids in a row and makes the request that waits for them. A connection that is over fails it at once.</summary>
    public T Open<T>(int count, Func<uint, T> make)
        where T : Request
    {
        lock (gate)
        {
            // A run never crosses into the session's own ids.
            if (next + (ulong)count >= Session.Handshake.OwnXids)
            {
                next = 1;
            }

            var request = make(next);
            next += (uint)count;
            if (over is not null)
            {
                request.Fail(over);
            }
            else
            {
                waiting.Add(request);
            }

            return request;
        }
    }

    /// <summary>An id for a message that nobody waits for.</summary>
    public uint NextXid()
    {
        lock (gate)
        {
            if (next >= Session.Handshake.OwnXids)
            {
                next = 1;
            }

            return next++;
        }
    }

    /// <summary>False when nobody waits for an answer with this id.</summary>
    public bool Dispatch(OfHeader header, ReadOnlySpan<byte> message)
    {
        lock (gate)
        {
            foreach (var request in waiting)
            {
                if (header.Xid >= request.First && header.Xid <= request.Last)
                {
                    if (request.OnAnswer(header, message))
                    {
                        waiting.Remove(request);
                    }

                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Nobody waits any longer: who gave up, or whose answer would come too late.</summary>
    public void Drop(Request request)
    {
        lock (gate)
        {
            waiting.Remove(request);
        }
    }

    public void FailAll(Exception e)
    {
        lock (gate)
        {
            over = e;
            foreach (var request in waiting)
            {
                request.Fail(e);
            }

            waiting.Clear();
        }
    }
}
