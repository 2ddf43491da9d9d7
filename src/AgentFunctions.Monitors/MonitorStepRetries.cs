using System.Numerics;
using AgentFunctions.Core.Text;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Monitors.Orchestration;
using AgentFunctions.Records;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Monitors;

/// <summary>
/// Makes the steps of monitors, and tells of each one that fails: a line in the log, what the monitor shows and, if it is tried
/// again, an entry of the incident's timeline at the first, second, fourth, eighth … failure.
/// </summary>
internal sealed partial class MonitorStepRetries(
    StepTroubles troubles, IncidentStore incidents, Redactor redactor, TimeProvider time, ILogger<MonitorStepRetries> log)
{
    /// <summary>The kind of a trouble that a repetition of the step would not mend.</summary>
    public const string NotRetried = "stepFailure";

    private const int MessageLimit = 600;

    /// <summary>Under which name the troubles of a monitor are remembered; no run is called so.</summary>
    /// <param name="monitor">The monitor.</param>
    public static string KeyOf(string monitor) => $"monitor.{monitor}";

    /// <summary>Makes a step.</summary>
    /// <param name="context">The activity.</param>
    /// <param name="monitor">The monitor.</param>
    /// <param name="incident">The incident that it is about; <see langword="null"/> for none.</param>
    /// <param name="make">Makes it.</param>
    /// <param name="channel">The channel that it tells; <see langword="null"/> for none.</param>
    public async Task<T> RunAsync<T>(ActivityContext context, string monitor, string? incident, Func<Task<T>> make,
        string? channel = null)
    {
        string step = channel is null ? context.Name : $"{context.Name} ({channel})";
        try
        {
            T result = await make().ConfigureAwait(false);
            await troubles.ForgetAsync(KeyOf(monitor), new StepTrouble(step, null, null) { Kind = "", Message = "" },
                CancellationToken.None).ConfigureAwait(false);
            return result;
        }
        catch (Exception e) when (!context.CancellationToken.IsCancellationRequested)
        {
            await TellAsync(context, step, monitor, incident, FailureDetails.FromException(e)).ConfigureAwait(false);
            throw;
        }
    }

    private async Task TellAsync(ActivityContext context, string step, string monitor, string? incident, FailureDetails failure)
    {
        FailureDetails cause = failure.Cause();
        RetryPolicy policy = (context.Name == MonitorStepNames.NotifyIncident
            ? MonitorSteps.DeliveryOptions
            : MonitorSteps.Options).Retry!;
        string message = Preview.Of(redactor.Redact(cause.Message), MessageLimit) ?? cause.ErrorType;
        DateTimeOffset now = time.GetUtcNow();
        try
        {
            (_, StepTrouble after) = await troubles.NoteAsync(
                KeyOf(monitor), new StepTrouble(step, null, null) { Kind = "", Message = "" },
                known => new StepTrouble(step, null, null)
                {
                    Kind = failure.IsNonRetriable ? NotRetried : "stepRetry",
                    Failures = (known?.Failures ?? 0) + 1,
                    Attempts = (known?.Attempts ?? 0) % policy.MaxAttempts + 1,
                    Message = message,
                    Code = cause.ErrorType,
                    Until = now + policy.DelayAfter((known?.Attempts ?? 0) % policy.MaxAttempts + 1),
                },
                CancellationToken.None).ConfigureAwait(false);
            if (failure.IsNonRetriable)
            {
                LogFailure(log, monitor, step, after.Failures, message);
                return;
            }

            LogRetry(log, monitor, step, after.Failures, message, after.Until);
            if (incident is not null && BitOperations.IsPow2(after.Failures))
            {
                await incidents.AppendAsync(
                    incident,
                    new IncidentEntry(
                        $"{step}/{now.UtcTicks}", now, IncidentEntryKind.Retrying, "host",
                        $"{step} failed {after.Failures} time(s), tried again at {after.Until.UtcDateTime:u}: {message}"),
                    CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (AgentException e)
        {
            // What is wrong may be the store itself. The step's own failure is what counts.
            LogUntold(log, monitor, step, message, redactor.Redact(e.Message)!);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Monitor {Monitor}: step {Step} failed {Failures} time(s) in a row ({Reason}); it is tried again at {Until:u}.")]
    private static partial void LogRetry(ILogger log, string monitor, string step, int failures, string reason,
        DateTimeOffset until);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Monitor {Monitor}: step {Step} failed {Failures} time(s) in a row ({Reason}); it is not tried again.")]
    private static partial void LogFailure(ILogger log, string monitor, string step, int failures, string reason);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Monitor {Monitor}: step {Step}: {Reason} This could not be recorded: {Error}")]
    private static partial void LogUntold(ILogger log, string monitor, string step, string reason, string error);
}
