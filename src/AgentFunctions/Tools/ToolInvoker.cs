using System.Text.Json;
using AgentFunctions.Models;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools;

/// <summary>Makes the calls that models ask for: checks them, keeps them within their limits, and turns every failure into words.</summary>
/// <remarks>It remembers nothing: who must not repeat a call keeps the ledger around it.</remarks>
public sealed class ToolInvoker(TimeProvider time)
{
    // How long a tool that was told to stop may take to do so.
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    /// <summary>Makes a call. Whatever is wrong with the call, or goes wrong within the tool, is told in the outcome.</summary>
    /// <param name="context">Which call it is.</param>
    /// <param name="tool">The tool; <see langword="null"/> where the agent has none of that name.</param>
    /// <param name="call">What the model asked for.</param>
    /// <param name="cancellationToken">Stops the run; the only thing that makes this throw.</param>
    public async Task<ToolOutcome> InvokeAsync(
        ToolContext context, AgentTool? tool, FunctionCallContent call, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(call);
        cancellationToken.ThrowIfCancellationRequested();
        if (!TryBind(context, tool, call, out AIFunctionArguments? arguments, out ToolOutcome? refusal))
        {
            return refusal!;
        }

        ToolOutcome outcome;
        try
        {
            object? result = await RunAsync(tool!, ct => tool!.Function.InvokeAsync(arguments, ct).AsTask(), cancellationToken)
                .ConfigureAwait(false);
            outcome = new ToolOutcome(ToolResultText.Of(result));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception error)
        {
            outcome = error is AgentException known
                ? ToolOutcome.Failed(known.Code, known.Message)
                : ToolOutcome.Failed(ErrorCode.ToolFailed, $"{error.GetType().Name}: {error.Message}");
        }

        return await ToolResultLimit.ApplyAsync(context, tool!, outcome, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks the tool's probe whether a call that a crash cut off took effect.</summary>
    /// <param name="context">Which call it is.</param>
    /// <param name="tool">The tool; <see langword="null"/> where the agent has none of that name.</param>
    /// <param name="call">What the model asked for.</param>
    /// <param name="cancellationToken">Stops the run; the only thing that makes this throw.</param>
    /// <returns>
    /// What the probe found; <see cref="Reconciliation.Unknown"/> where the tool has none or it fails, and
    /// <see cref="Reconciliation.DidNotHappen"/> for a call that is refused before it reaches the tool.
    /// </returns>
    public async Task<Reconciliation> ReconcileAsync(
        ToolContext context, AgentTool? tool, FunctionCallContent call, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(call);
        cancellationToken.ThrowIfCancellationRequested();
        if (!TryBind(context, tool, call, out AIFunctionArguments? arguments, out _))
        {
            return Reconciliation.DidNotHappen;
        }

        if (tool!.Reconcile is not { } probe)
        {
            return Reconciliation.Unknown;
        }

        try
        {
            return await RunAsync(tool, ct => probe(context, arguments!, ct), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception)
        {
            return Reconciliation.Unknown;
        }
    }

    /// <summary>The outcome of a call that the probe found to have taken place.</summary>
    /// <param name="context">Which call it is.</param>
    /// <param name="tool">The tool.</param>
    /// <param name="result">The result that the probe gave.</param>
    /// <param name="cancellationToken">Stops the run; the only thing that makes this throw.</param>
    internal static Task<ToolOutcome> ToOutcomeAsync(
        ToolContext context, AgentTool tool, object? result, CancellationToken cancellationToken) =>
        ToolResultLimit.ApplyAsync(context, tool, new ToolOutcome(ToolResultText.Of(result)), cancellationToken);

    /// <summary>The arguments of a call as the model sent them, for people to read.</summary>
    /// <param name="call">The call.</param>
    internal static string ArgumentsText(FunctionCallContent call) =>
        ModelConventions.InvalidArgumentsOf(call)
        ?? JsonSerializer.Serialize(call.Arguments, ModelConventions.Json.GetTypeInfo(typeof(IDictionary<string, object?>)));

    private static bool TryBind(
        ToolContext context, AgentTool? tool, FunctionCallContent call, out AIFunctionArguments? arguments, out ToolOutcome? refusal)
    {
        arguments = null;
        refusal = null;
        try
        {
            if (tool is null)
            {
                refusal = ToolOutcome.Failed(ErrorCode.ToolNotFound, $"this agent has no tool '{call.Name}'; use only the tools that were given.");
                return false;
            }

            arguments = AgentTool.Bind(context, ToolArguments.Read(tool, call));
            return true;
        }
        catch (AgentException error)
        {
            refusal = ToolOutcome.Failed(error.Code, error.Message);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NotSupportedException or ArgumentException)
        {
            // JSON that is whole but cannot be read: half a surrogate pair, nesting without end.
            refusal = ToolOutcome.Failed(ErrorCode.ToolArgumentsInvalid, $"{call.Name}: the arguments cannot be read: {error.Message}");
        }

        return false;
    }

    private async Task<T> RunAsync<T>(AgentTool tool, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(tool.Timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);

        // On the pool: a tool that blocks its thread must not block the time-out too.
        Task<T> running = Task.Run(() => work(stop.Token), CancellationToken.None);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (stop.Token.Register(stopped.SetResult))
        {
            await Task.WhenAny(running, stopped.Task).ConfigureAwait(false);
        }

        if (!running.IsCompleted)
        {
            await Task.WhenAny(running, Task.Delay(StopGrace, time, CancellationToken.None)).ConfigureAwait(false);
        }

        if (!running.IsCompletedSuccessfully)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (timeout.IsCancellationRequested)
            {
                throw new AgentException(ErrorCode.ToolTimeout, TimeoutMessage(tool));
            }
        }

        return await running.ConfigureAwait(false);
    }

    private static string TimeoutMessage(AgentTool tool)
    {
        string message = $"{tool.Name} took longer than {tool.Timeout.TotalSeconds:0.###} seconds and was stopped; ask for less at once.";
        return tool.Effect == ToolEffect.None ? message : message + " Whether it took effect is not known: look before you repeat it.";
    }
}
