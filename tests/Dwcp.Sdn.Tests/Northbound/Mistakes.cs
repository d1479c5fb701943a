using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>What the server logs as its own mistake.</summary>
internal sealed class Mistakes : ILoggerFactory, ILogger
{
    private volatile string? _first;

    public void ThrowIfAny()
    {
        if (_first is { } first)
        {
            throw new InvalidOperationException("The server logged a mistake: " + first);
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        // Kestrel calls trailer fields that are no text a mistake; it ends the connection, and nobody else is harmed.
        if (logLevel >= LogLevel.Error && eventId.Name != "RequestBodyDrainBodyReaderInvalidState")
        {
            _first ??= $"{formatter(state, exception)} {exception}";
        }
    }

    public void Dispose()
    {
    }
}
