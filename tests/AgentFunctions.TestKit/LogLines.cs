using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.TestKit;

/// <summary>What was logged, and a way to wait for a line.</summary>
public sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<string>> _awaited = new(StringComparer.Ordinal);

    /// <summary>Gets the lines so far.</summary>
    public IReadOnlyCollection<string> All => _lines;

    /// <summary>Completes with the first line that holds a text, from now on.</summary>
    /// <param name="text">The text.</param>
    public Task<string> NextAsync(string text) =>
        _awaited.GetOrAdd(text,
            static _ => new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => true;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        string line = $"{formatter(state, exception)} {exception}";
        _lines.Enqueue(line);
        foreach ((string text, TaskCompletionSource<string> source) in _awaited)
        {
            if (line.Contains(text, StringComparison.Ordinal) && _awaited.TryRemove(text, out _))
            {
                source.TrySetResult(line);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
