using AgentFunctions.Durability;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Sqlite.Orchestration;

/// <summary>Logs what is new, and is silent about what a replay says again.</summary>
/// <param name="logger">The real logger.</param>
/// <param name="context">Knows whether this is a replay.</param>
internal sealed class ReplaySafeLogger(ILogger logger, IOrchestrationContext context) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => logger.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => !context.IsReplaying && logger.IsEnabled(logLevel);

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!context.IsReplaying)
        {
            logger.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
