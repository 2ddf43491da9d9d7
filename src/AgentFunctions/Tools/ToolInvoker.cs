using System.Text.Json;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools;

/// <summary>
/// Makes the calls that models ask for: checks them, keeps them within their limits, and turns every failure into words.
/// </summary>
/// <remarks>
/// It remembers nothing. Who must not repeat a call keeps the ledger around it: <see cref="Prepare"/>, record <c>started</c>,
/// <see cref="InvokeAsync(ToolCall, CancellationToken)"/>, record <c>finished</c>; after a crash <see cref="ReconcileAsync"/>.
/// </remarks>
internal sealed class ToolInvoker(TimeProvider time)
{
    // How long a tool that was told to stop may take to do so.
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    /// <summary>Finds the tool of a call and checks the arguments. Changes nothing.</summary>
    /// <param name="tools">The agent's tools.</param>
    /// <param name="call">The call that the model requested.</param>
    /// <param name="context">The call.</param>
    /// <param name="refusal">When the call is no good: what to tell the model.</param>
    /// <returns>The call to make; <see langword="null"/> when it is no good.</returns>
    public static ToolCall? Prepare(IReadOnlyList<AgentTool> tools, FunctionCallContent call, ToolContext context,
        out ToolOutcome? refusal)
    {
        ArgumentNullException.ThrowIfNull(tools);
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            string name = ModelConventions.NameOf(call);
            AgentTool tool = tools.FirstOrDefault(t => t.Name == name)
                ?? throw new AgentException(
                    ErrorCode.ToolNotFound,
                    tools.Count == 0
                        ? $"there is no tool '{name}'; this agent has no tools."
                        : $"there is no tool '{name}'; use one of: {string.Join(", ", tools.Select(static t => t.Name))}.");
            Dictionary<string, JsonElement> arguments = ToolArguments.Read(tool, call);
            refusal = null;
            return new ToolCall(tool, AgentTool.Bind(context, arguments), context);
        }
        catch (AgentException error)
        {
            refusal = ToolOutcome.Failed(error.Code, error.Message);
            return null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NotSupportedException
            or ArgumentException)
        {
            // JSON that is whole but cannot be read: half a surrogate pair, nesting without end.
            refusal = ToolOutcome.Failed(ErrorCode.ToolArgumentsInvalid,
                $"{call.Name}: the arguments cannot be read: {error.Message}");
            return null;
        }
    }

    /// <summary>Prepares a call and makes it.</summary>
    /// <param name="tools">The agent's tools.</param>
    /// <param name="call">The call that the model requested.</param>
    /// <param name="context">The call.</param>
    /// <param name="cancellationToken">The token to cancel the run; nothing else makes this throw.</param>
    public async Task<ToolOutcome> InvokeAsync(
        IReadOnlyList<AgentTool> tools, FunctionCallContent call, ToolContext context,
        CancellationToken cancellationToken = default) =>
        Prepare(tools, call, context, out ToolOutcome? refusal) is { } prepared
            ? await InvokeAsync(prepared, cancellationToken).ConfigureAwait(false)
            : refusal!;

    /// <summary>Makes a call. Whatever goes wrong within the tool is told in the outcome.</summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">The token to cancel the run; nothing else makes this throw.</param>
    public async Task<ToolOutcome> InvokeAsync(ToolCall call, CancellationToken cancellationToken = default) =>
        (await StartAsync(call, cancellationToken).ConfigureAwait(false)).Outcome;

    /// <summary>Makes a call that may only start the work of a job.</summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">The token to cancel the run; nothing else makes this throw.</param>
    /// <returns>The outcome, and whether the work of a job is done with it.</returns>
    public async Task<(ToolOutcome Outcome, bool IsDone)> StartAsync(ToolCall call, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        cancellationToken.ThrowIfCancellationRequested();
        ToolOutcome outcome;
        bool isDone = false;
        try
        {
            object? result = await RunAsync(call, ct => CallFunctionAsync(call, ct), cancellationToken).ConfigureAwait(false);
            if (call.Tool.Job is not null && result is Reconciliation { Verdict: ReconciliationVerdict.TookEffect } done)
            {
                (result, isDone) = (done.Result, true);
            }

            outcome = result as ToolOutcome ?? new ToolOutcome(ToolResultText.Of(result));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception error)
        {
            outcome = Explain(error, call.Context.Workspace);
        }

        // The tool has answered: whatever ends the step now, what came of the call is kept.
        return (await ToolResultLimit.ApplyAsync(call, outcome, CancellationToken.None).ConfigureAwait(false), isDone);
    }

    /// <summary>Asks the tool's probe whether a call that a crash cut off took effect.</summary>
    /// <param name="call">The call.</param>
    /// <param name="cancellationToken">The token to cancel the run; nothing else makes this throw.</param>
    /// <returns>
    /// <see cref="Reconciliation.Unknown"/> if the tool has no probe, or the probe fails;
    /// <see cref="Reconciliation.StillRunning"/> if the look at a job fails: it is made again.
    /// </returns>
    public async Task<Reconciliation> ReconcileAsync(ToolCall call, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        cancellationToken.ThrowIfCancellationRequested();
        if ((call.Tool.Job?.Poll ?? call.Tool.Reconcile) is not { } probe)
        {
            return Reconciliation.Unknown;
        }

        try
        {
            return await RunAsync(call, ct => probe(call.Context, call.Arguments, ct), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception)
        {
            return call.Tool.Job is null ? Reconciliation.Unknown : Reconciliation.StillRunning;
        }
    }

    /// <summary>The outcome of a call that the probe found to have taken place.</summary>
    /// <param name="call">The call.</param>
    /// <param name="result">The result that the probe gave.</param>
    /// <param name="cancellationToken">The token to cancel the run; nothing else makes this throw.</param>
    public static async Task<ToolOutcome> ToOutcomeAsync(ToolCall call, object? result,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        return await ToolResultLimit
            .ApplyAsync(call, result as ToolOutcome ?? new ToolOutcome(ToolResultText.Of(result)), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Calls the function; once more where it lost its server during the call and its effect allows that. What does not is
    /// reported as unknown, as after a crash of the host.
    /// </summary>
    private static async Task<object?> CallFunctionAsync(ToolCall call, CancellationToken cancellationToken)
    {
        try
        {
            return await call.Tool.Function.InvokeAsync(call.Arguments, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.ToolOutcomeUnknown && call.Tool.Effect != ToolEffect.NotIdempotent)
        {
            try
            {
                return await call.Tool.Function.InvokeAsync(call.Arguments, cancellationToken).ConfigureAwait(false);
            }
            catch (AgentException again) when (again.Code == ErrorCode.ToolFailed && call.Tool.Effect != ToolEffect.None)
            {
                // It may have failed because the first call took effect: what was to be deleted is gone.
                throw new AgentException(
                    ErrorCode.ToolOutcomeUnknown, $"{e.Message} It was called once more, which failed: {again.Message}", again);
            }
        }
    }

    private async Task<T> RunAsync<T>(ToolCall call, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(TimeoutOf(call), time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);

        // On the pool: a tool that blocks its thread must not block the time-out too.
        Task<T> running = Task.Run(() => work(stop.Token), CancellationToken.None);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (stop.Token.Register(() => stopped.TrySetResult()))
        {
            await Task.WhenAny(running, stopped.Task).ConfigureAwait(false);
        }

        if (!running.IsCompleted)
        {
            await Task.WhenAny(running, Task.Delay(StopGrace, time, CancellationToken.None)).ConfigureAwait(false);
        }

        if (running.IsCompletedSuccessfully)
        {
            return await running.ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (timeout.IsCancellationRequested)
        {
            throw new AgentException(ErrorCode.ToolTimeout, TimeoutMessage(call));
        }

        return await running.ConfigureAwait(false);
    }

    private static TimeSpan TimeoutOf(ToolCall call) => call.Context.Timeout ?? call.Tool.Timeout;

    private static string TimeoutMessage(ToolCall call)
    {
        AgentTool tool = call.Tool;
        string message = $"{tool.Name} took longer than {TimeoutOf(call).TotalSeconds:0.###} seconds and was stopped; ask for less at once.";
        return tool.Effect == ToolEffect.None
            ? message
            : message + " Whether it took effect is not known: look before you repeat it.";
    }

    /// <summary>
    /// Says what went wrong. What the system says names files by their place on the host, which is no agent's business.
    /// </summary>
    private static ToolOutcome Explain(Exception error, Workspace? workspace) => error switch
    {
        AgentException known => ToolOutcome.Failed(known.Code, known.Message),
        HttpRequestException { InnerException: AgentException refusal } => ToolOutcome.Failed(refusal.Code, refusal.Message),
        _ => ToolOutcome.Failed(ErrorCode.ToolFailed,
            $"{error.GetType().Name}: {workspace?.Hide(error.Message) ?? error.Message}"),
    };
}
