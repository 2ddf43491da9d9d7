using System.Collections.Concurrent;

namespace AgentFunctions.Durability;

/// <summary>Represents an orchestrator as an engine calls it, with input and output as JSON.</summary>
/// <param name="context">The context of the orchestration.</param>
/// <param name="input">The input as JSON.</param>
public delegate Task<string?> OrchestratorDelegate(IOrchestrationContext context, string? input);

/// <summary>Represents an activity as an engine calls it, with input and output as JSON.</summary>
/// <param name="context">Which call this is.</param>
/// <param name="input">The input as JSON.</param>
public delegate Task<string?> ActivityDelegate(ActivityContext context, string? input);

/// <summary>Represents the call that an activity serves.</summary>
/// <param name="InstanceId">The orchestration that asked for it.</param>
/// <param name="Name">The name of the activity.</param>
/// <param name="TaskId">
/// The number of the step within its instance; the same when the step is delivered again after a crash.
/// </param>
/// <param name="CancellationToken">
/// Cancelled when the instance ends, when its code has returned without waiting for the result, or when the host stops.
/// </param>
public sealed record ActivityContext(string InstanceId, string Name, int TaskId, CancellationToken CancellationToken)
{
    /// <summary>Gets what takes the last writes of the step; <see langword="null"/> if the step waits for all its writes.</summary>
    public IStepWrites? LastWrites { get; init; }

    /// <summary>
    /// Gets what is cancelled, together with <see cref="CancellationToken"/>, when the step has taken as long as its host allows: it
    /// is delivered again, while the instance goes on. By default never.
    /// </summary>
    public CancellationToken Overdue { get; init; }
}

/// <summary>Represents the orchestrators and activities of a host, by name. Names are case-sensitive.</summary>
public sealed class DurableRegistry
{
    private readonly ConcurrentDictionary<string, OrchestratorDelegate> _orchestrators = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ActivityDelegate> _activities = new(StringComparer.Ordinal);

    /// <summary>Gets the registered orchestrators.</summary>
    public IReadOnlyDictionary<string, OrchestratorDelegate> Orchestrators => _orchestrators;

    /// <summary>Gets the registered activities.</summary>
    public IReadOnlyDictionary<string, ActivityDelegate> Activities => _activities;

    /// <summary>What keeps secrets out of the engine's history; <see langword="null"/> if nothing does.</summary>
    internal IPayloadGuard? Guard { get; init; }

    /// <summary>Registers deterministic code.</summary>
    /// <typeparam name="TInput">The input, read from JSON.</typeparam>
    /// <typeparam name="TOutput">The output, written as JSON.</typeparam>
    /// <param name="name">The name to start it by.</param>
    /// <param name="run">The code.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public DurableRegistry AddOrchestrator<TInput, TOutput>(string name, Func<IOrchestrationContext, TInput, Task<TOutput>> run)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(run);
        return Add(_orchestrators, name, RunAsync);

        // No ConfigureAwait(false): the continuation belongs to the orchestration's own scheduler.
#pragma warning disable CA2007
        async Task<string?> RunAsync(IOrchestrationContext context, string? input) => Guard is null
            ? DurableJson.Serialize(await run(context, DurableJson.Deserialize<TInput>(input)!))
            : Guard.Close(
                DurableJson.Serialize(await run(new GuardedContext(context, Guard),
                    DurableJson.Deserialize<TInput>(Guard.Open(input))!)),
                context.InstanceId);
#pragma warning restore CA2007
    }

    /// <summary>Registers a step.</summary>
    /// <typeparam name="TInput">The input, read from JSON.</typeparam>
    /// <typeparam name="TOutput">The result, written as JSON.</typeparam>
    /// <param name="name">The name to call it by.</param>
    /// <param name="run">The code; it may be delivered again after a crash, so it must be idempotent or keep a ledger.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public DurableRegistry AddActivity<TInput, TOutput>(string name, Func<ActivityContext, TInput, Task<TOutput>> run)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(run);
        return Add(_activities, name, async (context, input) =>
        {
            try
            {
                TInput truth = DurableJson.Deserialize<TInput>(Guard is null ? input : Guard.Open(input))!;
                string? output = DurableJson.Serialize(await run(context, truth).ConfigureAwait(false));
                return Guard is null ? output : Guard.Close(output, context.InstanceId);
            }
            catch (Exception e) when (Guard is not null && Guard.Mask(e.ToString()) != e.ToString())
            {
                throw Masked(e);
            }
        });
    }

    /// <summary>The error without its secrets. Its causes stay behind: they may repeat them.</summary>
    private Exception Masked(Exception e)
    {
        string message = Guard!.Mask(e.Message);
        return e is AgentException known
            ? new AgentException(known.Code, message) { RetryAfter = known.RetryAfter }
            : new InvalidOperationException($"{e.GetType().FullName}: {message}");
    }

    private DurableRegistry Add<T>(ConcurrentDictionary<string, T> entries, string name, T entry) =>
        entries.TryAdd(name, entry)
            ? this
            : throw new ArgumentException($"'{name}' is registered already; choose another name.", nameof(name));
}
