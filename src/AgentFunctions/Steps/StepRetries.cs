using System.Numerics;
using AgentFunctions.Core.Text;
using AgentFunctions.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Models.Resilience;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Steps;

/// <summary>
/// Makes the steps of runs, and tells of each one that fails and is tried again: a line in the log, an event in the journal, and
/// what the run waits for. The same words again are told at the first, second, fourth, eighth … failure, so that a journal stays
/// small.
/// </summary>
internal sealed partial class StepRetries(
    StepTroubles troubles, Journal journal, Redactor redactor, TimeProvider time, ILogger<StepRetries> log)
{
    /// <summary>What a run waits for while another step is to be tried again.</summary>
    public const string StepRetry = "stepRetry";

    /// <summary>How much of the words is kept, in characters.</summary>
    private const int MessageLimit = 600;

    /// <summary>How many runs are known to be in trouble, or not, without a look.</summary>
    private const int CacheSize = 4_096;

    private readonly LruCache<string, bool> _inTrouble = new(CacheSize);

    /// <summary>Makes a step.</summary>
    /// <param name="context">The activity.</param>
    /// <param name="runId">The run.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="call">The number of the tool call within the turn.</param>
    /// <param name="make">Makes it.</param>
    public async Task<T> RunAsync<T>(ActivityContext context, string runId, int? turn, int? call, Func<Task<T>> make)
    {
        var step = new StepTrouble(context.Name, turn, call) { Kind = StepRetry, Message = "" };
        bool isPostponed = false;
        ModelRetry.Observe(async retry =>
        {
            isPostponed |= retry.IsPostponed;
            ModelSpan.Retried(retry.Code, retry.Pause);
            var failed = new Failure(retry.Code.ToString(), retry.Message, KindOf(retry.Code), retry.Model);
            await TellAsync(runId, step, failed, _ => retry.Pause, false).ConfigureAwait(false);
        });
        try
        {
            T result = await make().ConfigureAwait(false);
            if (context.LastWrites is { } last)
            {
                // The engine settles them: where the writes fail, the step has failed.
                if (isPostponed || !IsFine(runId))
                {
                    await last.WaitAsync().ConfigureAwait(false);
                }
                else
                {
                    last.IfLost(e => TellIfRetriedAsync(context, runId, step, e));
                }
            }

            if (!isPostponed)
            {
                await ForgetAsync(runId, step).ConfigureAwait(false);
            }

            return result;
        }
        catch (Exception e) when (!context.CancellationToken.IsCancellationRequested
            && FailureDetails.FromException(e) is { IsNonRetriable: false } failure)
        {
            await TellAsync(context.Name, runId, step, failure).ConfigureAwait(false);
            throw;
        }
        catch (OperationCanceledException) when (context.Overdue.IsCancellationRequested)
        {
            var late = new AgentException(
                ErrorCode.EngineUnavailable, "It took longer than this host lets a step take, and was ended.");
            await TellAsync(context.Name, runId, step, FailureDetails.FromException(late)).ConfigureAwait(false);
            throw;
        }
        finally
        {
            ModelRetry.Observe(null);
        }
    }

    private Task TellIfRetriedAsync(ActivityContext context, string runId, StepTrouble step, Exception e) =>
        !context.CancellationToken.IsCancellationRequested && FailureDetails.FromException(e) is { IsNonRetriable: false } failure
            ? TellAsync(context.Name, runId, step, failure)
            : Task.CompletedTask;

    private Task TellAsync(string name, string runId, StepTrouble step, FailureDetails failure)
    {
        FailureDetails cause = failure.Cause();
        ErrorCode? code = Enum.TryParse(cause.ErrorType, out ErrorCode known) ? known : null;
        RetryPolicy policy = StepOptions.Of(name).Retry!;
        return TellAsync(
            runId, step, new Failure(code?.ToString(), cause.Message, KindOf(code), null),
            attempt => attempt < policy.MaxAttempts ? policy.DelayAfter(attempt) : null, true);
    }

    /// <summary>Whether the run is known not to be in trouble.</summary>
    private bool IsFine(string runId) => _inTrouble.TryGet(runId, out bool isInTrouble) && !isInTrouble;

    private async Task TellAsync(string runId, StepTrouble step, Failure failed, Func<int, TimeSpan?> pauseAfter, bool isAttempt)
    {
        string message = Preview.Of(redactor.Redact(failed.Message), MessageLimit) ?? failed.Code ?? "The step failed.";
        DateTimeOffset now = time.GetUtcNow();
        try
        {
            (StepTrouble? before, StepTrouble after) = await troubles.NoteAsync(
                runId, step,
                known =>
                {
                    int attempts = (known?.Attempts ?? 0) + (isAttempt ? 1 : 0);
                    return step with
                    {
                        Kind = failed.Kind,
                        Failures = (known?.Failures ?? 0) + 1,
                        Attempts = attempts,
                        Message = message,
                        Code = failed.Code,
                        Until = now + (pauseAfter(attempts) ?? TimeSpan.Zero),
                    };
                },
                CancellationToken.None).ConfigureAwait(false);
            _inTrouble.Set(runId, true);
            if (pauseAfter(after.Attempts) is null)
            {
                // The last attempt: the run ends, and its end tells why.
                return;
            }

            LogRetry(log, runId, step.Step, after.Failures, message, after.Until);
            if (BitOperations.IsPow2(after.Failures) || before is null || Gist(before.Message) != Gist(message))
            {
                await journal.AppendAsync(
                    runId,
                    new JournalEvent(JournalEventTypes.StepRetrying, now)
                    {
                        Turn = step.Turn,
                        Call = step.Call,
                        Model = failed.Model,
                        Text = message,
                        IsError = true,
                        Code = failed.Code,
                        Attempt = after.Failures,
                        Until = after.Until,
                    },
                    CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (AgentException e)
        {
            // What is wrong may be the store itself. The step's own failure is what counts.
            LogUntold(log, runId, step.Step, message, redactor.Redact(e.Message)!);
        }
    }

    private async Task ForgetAsync(string runId, StepTrouble step)
    {
        if (IsFine(runId))
        {
            return;
        }

        try
        {
            // A run that this process does not know may be in trouble since before a restart: one look tells.
            StepTrouble? over = step.Step is StepNames.Notify or StepNames.ReportToLead ? null : step;
            _inTrouble.Set(runId, await troubles.ForgetAsync(runId, over, CancellationToken.None).ConfigureAwait(false));
        }
        catch (AgentException e)
        {
            LogUntold(log, runId, step.Step, "The step succeeded.", redactor.Redact(e.Message)!);
        }
    }

    /// <summary>The words without what changes from one failure to the next, such as the number of a request.</summary>
    private static string Gist(string message) =>
        string.Join(' ', message.Split(' ').Where(static word => !word.Any(char.IsAsciiDigit)));

    private static string KindOf(ErrorCode? code) => code switch
    {
        ErrorCode.ModelRateLimited or ErrorCode.QuotaExceeded => RunWaiting.ModelCapacity,
        ErrorCode.ModelUnavailable or ErrorCode.ModelProtocolError or ErrorCode.ModelStreamTruncated =>
            RunWaiting.ModelUnavailable,
        _ => StepRetry,
    };

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Run {Run}: step {Step} failed {Failures} time(s) in a row ({Reason}); it is tried again at {Until:u}.")]
    private static partial void LogRetry(ILogger log, string run, string step, int failures, string reason, DateTimeOffset until);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Run {Run}: step {Step}: {Reason} This could not be recorded: {Error}")]
    private static partial void LogUntold(ILogger log, string run, string step, string reason, string error);

    private sealed record Failure(string? Code, string Message, string Kind, string? Model);
}
