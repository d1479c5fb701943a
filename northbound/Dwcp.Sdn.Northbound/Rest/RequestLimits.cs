using System.Buffers;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Grpc.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>What a REST request may cost, and what its caller is told when it costs more.</summary>
internal sealed class RequestLimits(NorthboundOptions options, MessageBudget budget)
{
    private readonly Gate _requests = new(options.MaxRequests);
    private readonly Gate _watches = new(options.MaxWatches);

    public void SetPlaces(NorthboundOptions now) => (_requests.Places, _watches.Places) = (now.MaxRequests, now.MaxWatches);

    /// <exception cref="RpcException">The target or the header fields are too long.</exception>
    public void CheckHeader(HttpContext http)
    {
        if (http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Length > options.MaxHeaderBytes)
        {
            throw Refusal(414, ProblemCodes.TooLarge, "The path with its query is too long", $"Send at most {options.MaxHeaderBytes} bytes");
        }

        var size = 0;
        foreach (var (name, values) in http.Request.Headers)
        {
            foreach (var value in values)
            {
                size += name.Length + (value?.Length ?? 0) + ": \r\n".Length;
            }
        }

        if (size > options.MaxHeaderBytes)
        {
            throw Refusal(431, ProblemCodes.TooLarge, $"The header fields have {size} bytes", $"Send at most {options.MaxHeaderBytes} bytes of them");
        }
    }

    /// <summary>A place among those under way, given back when it is disposed of.</summary>
    /// <exception cref="RpcException">There is none.</exception>
    public Gate.Place Enter(bool watch)
    {
        var gate = watch ? _watches : _requests;
        if (gate.TryEnter() is { } place)
        {
            return place;
        }

        throw TooMany($"{gate.Places} {(watch ? "watches" : "requests")} are under way already");
    }

    /// <summary>What a request takes of the memory for bodies, until it is disposed of.</summary>
    public MessageBudget.Share Share() => new(budget);

    /// <exception cref="RpcException">It took too long to arrive, or there is no room for it.</exception>
    /// <exception cref="BadHttpRequestException">It is too large, or is none.</exception>
    /// <exception cref="ConnectionAbortedException">The caller has gone.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpRequest request, MessageBudget.Share share, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(options.BodyTimeout);
        try
        {
            while (true)
            {
                var read = await request.BodyReader.ReadAsync(patience.Token);
                var hasRoom = share.TryHold(read.Buffer.Length);
                if (hasRoom && read.IsCompleted)
                {
                    var body = read.Buffer.ToArray();
                    request.BodyReader.AdvanceTo(read.Buffer.End);
                    return body;
                }

                // Of what is refused nothing is kept; the web server reads the rest likewise, so that the answer arrives.
                request.BodyReader.AdvanceTo(hasRoom ? read.Buffer.Start : read.Buffer.End, read.Buffer.End);
                if (!hasRoom)
                {
                    throw TooMany("The bodies of the requests under way take all the memory there is for them");
                }
            }
        }
        catch (InvalidOperationException e)
        {
            // What Kestrel says of trailer fields that are no text.
            throw new BadHttpRequestException("The body does not end as it should", e);
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            throw new ConnectionAbortedException("The connection broke within the body", e);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested && e is not ConnectionAbortedException)
        {
            throw TooSlow();
        }
    }

    /// <summary>What the web server found wrong, in our words.</summary>
    public RpcException OfBadRequest(BadHttpRequestException e) => e.StatusCode switch
    {
        413 => Refusal(413, ProblemCodes.TooLarge, "The body is too large", $"Send at most {options.MaxBodyBytes} bytes"),
        408 => TooSlow(),
        _ => Faults.Of(StatusCode.InvalidArgument, e.StatusCode, ProblemCodes.Invalid, e.Message,
            Faults.Problem("", ProblemCodes.Invalid, e.Message, "Send a well-formed HTTP request")),
    };

    private static RpcException Refusal(int http, string code, string message, string remedy)
        => Faults.Of(StatusCode.ResourceExhausted, http, code, message, Faults.Problem("", code, message, remedy));

    private static RpcException TooMany(string message)
    {
        var refused = Refusal(429, ProblemCodes.TooManyRequests, message, "Try again after a second");
        refused.Trailers.Add("retry-after", "1");
        return refused;
    }

    // What is left of the body is nothing that the connection could go on after.
    private RpcException TooSlow()
    {
        var refused = Refusal(408, ProblemCodes.RequestTooSlow, "The body did not arrive in time",
            $"Send all of it within {options.BodyTimeout.TotalSeconds} s, on another connection");
        refused.Trailers.Add("connection", "close");
        return refused;
    }
}
