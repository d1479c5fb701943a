using System.Buffers;
using Dwcp.Sdn.Core.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>What a REST request may cost, and what its caller is told when it costs more.</summary>
internal sealed class RequestLimits(NorthboundOptions options)
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

        var refused = Refusal(429, ProblemCodes.TooManyRequests, $"{gate.Places} {(watch ? "watches" : "requests")} are under way already", "Try again after a second");
        refused.Trailers.Add("retry-after", "1");
        throw refused;
    }

    /// <exception cref="RpcException">It took too long to arrive.</exception>
    /// <exception cref="BadHttpRequestException">It is too large, or is none.</exception>
    /// <exception cref="ConnectionAbortedException">The caller has gone.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpRequest request, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(options.BodyTimeout);
        try
        {
            while (true)
            {
                var read = await request.BodyReader.ReadAsync(patience.Token);
                if (read.IsCompleted)
                {
                    var body = read.Buffer.ToArray();
                    request.BodyReader.AdvanceTo(read.Buffer.End);
                    return body;
                }

                request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
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

    // What is left of the body is nothing that the connection could go on after.
    private RpcException TooSlow()
    {
        var refused = Refusal(408, ProblemCodes.RequestTooSlow, "The body did not arrive in time",
            $"Send all of it within {options.BodyTimeout.TotalSeconds} s, on another connection");
        refused.Trailers.Add("connection", "close");
        return refused;
    }
}
