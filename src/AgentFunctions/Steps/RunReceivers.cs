using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Steps;

/// <summary>
/// Tells receivers of runs. Each message is delivered by an orchestration of its own, with retries: however long a receiver is
/// away, the run goes on.
/// </summary>
public sealed class RunReceivers : IRunAskObserver
{
    /// <summary>The most receivers that a run may have.</summary>
    public const int MaxCount = 8;

    private static readonly OrchestrationStatus[] s_ended =
        [OrchestrationStatus.Completed, OrchestrationStatus.Failed, OrchestrationStatus.Terminated];

    private readonly ReceiverStore _store;
    private readonly IOrchestrationClient _orchestrations;
    private readonly Redactor _redactor;
    private readonly TimeProvider _time;

    internal RunReceivers(ReceiverStore store, IOrchestrationClient orchestrations, Redactor redactor, TimeProvider time) =>
        (_store, _orchestrations, _redactor, _time) = (store, orchestrations, redactor, time);

    /// <summary>
    /// Adds a receiver in place of one with the same id. One that comes after the end of the run is told of the end.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="receiver">The receiver.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.InvalidInput"/>: the address is none, or the run has too many receivers.
    /// </exception>
    public async Task AddAsync(string runId, RunReceiver receiver, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        if (receiver.Url.Length > 2048 || !Uri.TryCreate(receiver.Url, UriKind.Absolute, out Uri? uri)
            || uri.Scheme is not ("http" or "https"))
        {
            throw new AgentException(ErrorCode.InvalidInput,
                "url: use an absolute http or https address of at most 2,048 characters.");
        }

        IReadOnlyList<RunReceiver> known = await _store.ListAsync(runId, cancellationToken).ConfigureAwait(false);
        if (known.Count >= MaxCount && known.All(one => one.Id != receiver.Id))
        {
            throw new AgentException(
                ErrorCode.InvalidInput, $"The run has {MaxCount} receivers, which is the most; delete one of them first.");
        }

        // From here on it is carried through, though its caller leaves.
        cancellationToken = CancellationToken.None;
        await _store.PutAsync(runId, receiver, cancellationToken).ConfigureAwait(false);
        OrchestrationState? state = await _orchestrations.GetAsync(runId, false, cancellationToken).ConfigureAwait(false);
        if (state is { IsEnded: true })
        {
            // The end may have come before the receiver was there. What came of an earlier one of this id says nothing of this one;
            // a delivery that is under way tells the receiver that there is now.
            var input = new CallbackInput(runId, -1, RunStatus.Completed) { Receiver = receiver.Id };
            await ScheduleAsync(input, IdOf(input, receiver, "late"), s_ended, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Finds a receiver; <see langword="null"/> if there is none.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<RunReceiver?> FindAsync(string runId, string id, CancellationToken cancellationToken = default) =>
        _store.FindAsync(runId, id, cancellationToken);

    /// <summary>Lists the receivers of a run.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<IReadOnlyList<RunReceiver>> ListAsync(string runId, CancellationToken cancellationToken = default) =>
        _store.ListAsync(runId, cancellationToken);

    /// <summary>Removes a receiver, if there is one.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task RemoveAsync(string runId, string id, CancellationToken cancellationToken = default) =>
        _store.RemoveAsync(runId, id, cancellationToken);

    /// <summary>Tells the receivers of the root that people are asked.</summary>
    async Task IRunAskObserver.AskedAsync(string runId, string asked, CancellationToken cancellationToken)
    {
        string root = ChildName.RootOf(runId);
        var input = new CallbackInput(root, 0, RunStatus.Waiting) { Asked = asked, At = _time.GetUtcNow() };
        await TellAsync(input, ReceiverStore.MarkOf(asked), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Tells the caller's address, and all receivers, that a run has ended.</summary>
    /// <param name="run">The run.</param>
    /// <param name="outcome">How it ended.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task EndedAsync(RunRecord run, RunOutcome outcome, CancellationToken cancellationToken)
    {
        var input = new CallbackInput(run.Id, outcome.State.Turns, outcome.Status)
        {
            Resumptions = outcome.State.Resumptions,
            Code = outcome.Code,
            Message = _redactor.Redact(outcome.Message),
            At = _time.GetUtcNow(),
        };
        if (run.CallbackUrl is not null)
        {
            await ScheduleAsync(input, $"callback.{run.Id}.{input.End}", [], cancellationToken).ConfigureAwait(false);
        }

        await TellAsync(input, input.End, cancellationToken).ConfigureAwait(false);
    }

    private async Task TellAsync(CallbackInput input, string what, CancellationToken cancellationToken)
    {
        foreach (RunReceiver receiver in await _store.ListAsync(input.RunId, cancellationToken).ConfigureAwait(false))
        {
            await ScheduleAsync(input with { Receiver = receiver.Id }, IdOf(input, receiver, what), [], cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private static string IdOf(CallbackInput input, RunReceiver receiver, string what) =>
        $"callback.{input.RunId}.{ReceiverStore.MarkOf(receiver.Id)}.{what}";

    private async Task ScheduleAsync(CallbackInput input, string id, IReadOnlyList<OrchestrationStatus> replaced,
        CancellationToken cancellationToken)
    {
        try
        {
            await _orchestrations.ScheduleAsync(
                CallbackFlow.Name, input, new StartOptions { InstanceId = id, ReplaceableStatuses = replaced }, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.InstanceExists)
        {
            // A pass before a crash scheduled it, or it is under way.
        }
    }
}
