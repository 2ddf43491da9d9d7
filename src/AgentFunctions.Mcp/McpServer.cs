using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.Agents.ToolServers;
using AgentFunctions.Governance.Identity;
using AgentFunctions.Governance.Secrets;
using AgentFunctions.Mcp.Input;
using AgentFunctions.Mcp.SignIn;
using AgentFunctions.Mcp.Tasks;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp;

/// <summary>
/// A tool server as the host sees it: started when it is first needed, shared by all runs, started again with growing
/// pauses when it died.
/// </summary>
internal sealed class McpServer(
    McpServerDefinition definition, VariableText variables, McpHttp http, ILogger logger, TimeProvider time) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly McpHandshake _handshake = new(definition, variables, http, logger, time);
    private readonly CancellationTokenSource _stopping = new();
    private readonly McpRestarts _restarts = new(time);
    private Task<McpSession>? _session;

    public McpServerDefinition Definition => definition;

    /// <summary>Gets what stands for all of the server's tools: <c>mcp__server</c>.</summary>
    public string Group { get; } = McpToolName.Group(definition.Name);

    /// <summary>
    /// Gets why the server could not be started last, in words; <see langword="null"/> if it runs or nothing needed it yet.
    /// </summary>
    public string? Trouble
    {
        get
        {
            lock (_gate)
            {
                bool isUp = _session is { IsCompletedSuccessfully: true, Result.IsAlive: true };
                return isUp || definition.Disabled ? null : _restarts.Trouble(definition.Name);
            }
        }
    }

    /// <summary>Takes the host's tokens out of what the server says: it need not tell them to a model.</summary>
    public string Hide(string text)
    {
        Task<McpSession>? session;
        lock (_gate)
        {
            session = _session;
        }

        return definition is { SignIn: not null, Url: not null } && session is { IsCompletedSuccessfully: true }
            ? session.Result.Secrets.Hide(text)
            : text;
    }

    /// <summary>The server's present tools.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.ToolUnavailable"/>.</exception>
    public async Task<IReadOnlyList<AgentTool>> ListAsync(CancellationToken cancellationToken)
    {
        for (bool mayRepeat = true; ; mayRepeat = false)
        {
            McpSession session = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return
                [
                    .. (await session.ListToolsAsync(cancellationToken).ConfigureAwait(false)).Where(definition.Offers)
                        .Select(tool => ToAgentTool(tool, definition.Tasks && session.MayMakeTaskOf(tool.Name))),
                ];
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (SignInNeeded.In(e) is { } needed)
                {
                    throw needed;
                }

                // A server that was restarted takes a new connection at once; one that is gone says so when it is tried.
                await DropAsync(session).ConfigureAwait(false);
                if (!mayRepeat)
                {
                    throw Unavailable(session.Secrets.Hide(e.Message), e);
                }
            }
        }
    }

    /// <summary>Makes a call.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.ToolFailed"/>: the server said no. <see cref="ErrorCode.ToolUnavailable"/>: it cannot be reached; the
    /// call was not made. <see cref="ErrorCode.ToolOutcomeUnknown"/>: it died during the call.
    /// </exception>
    public Task<McpCallAnswer> CallAsync(
        Tool tool, IDictionary<string, JsonElement> arguments, ToolContext context, InputAnswers? answers, bool takesTask,
        CancellationToken cancellationToken) => TryAsync(
            session => session.CallToolAsync(tool.Name, arguments, context, answers, takesTask, cancellationToken),
            context, isToEnd: false,
            (session, failure, reason, e) => failure switch
            {
                McpFailure.Answered => new AgentException(
                    ErrorCode.ToolFailed, $"The tool server '{definition.Name}' refused the call: {reason}", e),
                _ when session.IsFlooded && definition.EffectOf(tool) == ToolEffect.None =>
                    new AgentException(ErrorCode.ToolFailed, $"The tool server '{definition.Name}' was ended: {reason}.", e),
                McpFailure.Lost => new AgentException(
                    ErrorCode.ToolOutcomeUnknown, $"The tool server '{definition.Name}' was lost during the call: {reason}", e),
                _ => null,
            },
            cancellationToken);

    /// <summary>Sends a request that may be repeated, such as one about a task.</summary>
    /// <param name="make">Makes the request, once for each attempt.</param>
    /// <param name="context">The call that it concerns.</param>
    /// <param name="isToEnd">Whether it ends what the call has begun, of a run that may have ended itself.</param>
    /// <param name="cancellationToken">The token to cancel it.</param>
    /// <exception cref="McpRefusalException">The server said no.</exception>
    /// <exception cref="AgentException"><see cref="ErrorCode.ToolUnavailable"/>: it cannot be reached.</exception>
    public Task<JsonNode?> AskAsync(Func<JsonRpcRequest> make, ToolContext context, bool isToEnd,
        CancellationToken cancellationToken) =>
        AskAsync(session => session.SendAsync(make(), cancellationToken), context, isToEnd, cancellationToken);

    /// <summary>Waits for the result of a task of 2025-11-25, within which the server may ask for input.</summary>
    /// <param name="task">The task.</param>
    /// <param name="context">The call.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="McpRefusalException">The server said no.</exception>
    /// <exception cref="AgentException"><see cref="ErrorCode.ToolUnavailable"/>: it cannot be reached.</exception>
    public Task<McpCallAnswer> ResultOfTaskAsync(string task, ToolContext context, CancellationToken cancellationToken) =>
        AskAsync(
            session => session.ResultOfTaskAsync(task, context, cancellationToken), context, isToEnd: false, cancellationToken);

    private Task<T> AskAsync<T>(
        Func<McpSession, Task<T>> ask, ToolContext context, bool isToEnd, CancellationToken cancellationToken) => TryAsync(
        ask, context, isToEnd,
        static (_, failure, reason, e) => McpRefusalException.CodeIn(e) is { } code ? new McpRefusalException(code, reason, e)
            : failure == McpFailure.Answered ? new McpRefusalException(null, reason, e)
            : null,
        cancellationToken);

    /// <summary>Makes an attempt, and one more where the first has not ended it.</summary>
    /// <param name="attempt">Makes it.</param>
    /// <param name="context">The call that it concerns.</param>
    /// <param name="isToEnd">Whether it ends what the call has begun.</param>
    /// <param name="endOf">Says what a failure means in the end; <see langword="null"/> if it may be made again.</param>
    /// <param name="cancellationToken">The token to cancel it.</param>
    private async Task<T> TryAsync<T>(
        Func<McpSession, Task<T>> attempt, ToolContext context, bool isToEnd,
        Func<McpSession, McpFailure, string, Exception, Exception?> endOf,
        CancellationToken cancellationToken)
    {
        for (bool mayRepeat = true; ; mayRepeat = false)
        {
            McpSession session = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                McpHttp.Token = await TokenAsync(session, context, isToEnd, cancellationToken).ConfigureAwait(false);
                if (session.IsRetired && mayRepeat)
                {
                    // Another call has given the connection up meanwhile; nothing of this one was sent.
                    continue;
                }

                return await attempt(session).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not AgentException && !cancellationToken.IsCancellationRequested)
            {
                if (SignInNeeded.In(e) is { } needed)
                {
                    throw needed;
                }

                McpFailure failure = await McpFailures.ClassifyAsync(e, session, time, cancellationToken).ConfigureAwait(false);
                string reason = session.Secrets.Hide(session.EndReason ?? e.Message);
                if (failure == McpFailure.Lost && (definition.Command is not null || !session.IsAlive))
                {
                    CountEnd(session, reason);
                }

                if (failure != McpFailure.Answered)
                {
                    await DropAsync(session).ConfigureAwait(false);
                }

                if (endOf(session, failure, reason, e) is { } end)
                {
                    throw end;
                }

                if (!mayRepeat)
                {
                    throw Unavailable(reason, e);
                }
            }
        }
    }

    /// <summary>Each attempt has its own token: what was revoked in between is refused before anything is sent.</summary>
    private async Task<string?> TokenAsync(McpSession session, ToolContext context, bool isToEnd,
        CancellationToken cancellationToken) =>
        definition.Identity is { } identity && session.Endpoint is { } endpoint
            ? await context.Services.GetRequiredService<RunTokens>().MintAsync(
                new TokenUse(context.RunId, context.Turn, context.Call, context.IdempotencyKey) { IsToEnd = isToEnd },
                identity.AudienceOf(endpoint), identity.Scopes, cancellationToken).ConfigureAwait(false)
            : null;

    public async ValueTask DisposeAsync()
    {
        Task<McpSession>? session;
        lock (_gate)
        {
            session = _session;
            _session = null;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        if (session is not null)
        {
            await ((Task)session).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (session.IsCompletedSuccessfully)
            {
                await session.Result.CloseAsync().ConfigureAwait(false);
            }
        }
    }

    private AgentTool ToAgentTool(Tool tool, bool mayBeTask)
    {
        TaskCall? tasks = mayBeTask ? new TaskCall(this, tool) : null;
        return new AgentTool(new McpFunction(this, tool, tasks), definition.EffectOf(tool))
        {
            Timeout = definition.Timeout,
            Group = Group,
            Reconcile = static (context, _, cancellationToken) => InputCall.ReconcileAsync(context, cancellationToken),
            Job = tasks?.Job,
        };
    }

    private Task<McpSession> ConnectAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (definition.Disabled)
            {
                throw new AgentException(
                    ErrorCode.ToolUnavailable,
                    $"The tool server '{definition.Name}' is disabled in {definition.Origin}; enable it there, or do without its tools.");
            }

            if (_stopping.IsCancellationRequested)
            {
                throw new AgentException(ErrorCode.EngineUnavailable,
                    $"The tool server '{definition.Name}' was stopped with its host.");
            }

            if (_session is null or { IsFaulted: true } or { IsCanceled: true }
                or { IsCompletedSuccessfully: true, Result.IsAlive: false })
            {
                TimeSpan pause = _restarts.Pause;
                if (pause > McpRestarts.LongestWait)
                {
                    throw Unavailable($"{_restarts.Reason} (it is tried again in {Math.Ceiling(pause.TotalSeconds)} s)");
                }

                // Without what is the caller's, its token above all: the session outlives it and serves other runs.
                using (ExecutionContext.SuppressFlow())
                {
                    _session = Task.Run(() => StartAsync(pause));
                }
            }

            return _session.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Starts the server for whoever waits, so no single caller's token ends it.</summary>
    private async Task<McpSession> StartAsync(TimeSpan pause)
    {
        CancellationToken stopping = _stopping.Token;
        McpSecrets? secrets = null;
        try
        {
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, time, stopping).ConfigureAwait(false);
            }

            McpSession session = await _handshake.OpenAsync(found => secrets = found, stopping).ConfigureAwait(false);
            _restarts.SignedIn();
            _ = WatchAsync(session);
            return session;
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            if (SignInNeeded.In(e) is { } needed)
            {
                if (_restarts.Failed(needed.Message, needsSignIn: true) == 1)
                {
                    McpLog.SignInNeeded(logger, needed.Message);
                }

                throw needed;
            }

            string reason = secrets?.Hide(McpFailures.Describe(e)) ?? McpFailures.Describe(e);
            McpLog.Unreachable(logger, definition.Name, _restarts.Failed(reason), reason);
            throw Unavailable(reason, e);
        }
    }

    private async Task WatchAsync(McpSession session)
    {
        ClientCompletionDetails details = await session.Completion.ConfigureAwait(false);
        if (_stopping.IsCancellationRequested || session.IsRetired)
        {
            return;
        }

        CountEnd(session, session.Secrets.Hide(session.EndReason ?? McpFailures.Describe(details)));
        await DropAsync(session).ConfigureAwait(false);
    }

    /// <summary>
    /// Counts the end of a server once, whether its watch or a call notices it first: a call that dropped the connection
    /// uncounted would start a server that dies at every call without a pause.
    /// </summary>
    private void CountEnd(McpSession session, string reason)
    {
        if (!session.TryCountEnd())
        {
            return;
        }

        McpLog.Ended(logger, definition.Name, reason);
        if (!_restarts.WasUp(session.StartedAt))
        {
            _restarts.Failed(reason);
        }
    }

    private async Task DropAsync(McpSession session)
    {
        lock (_gate)
        {
            if (_session is { IsCompletedSuccessfully: true } && ReferenceEquals(_session.Result, session))
            {
                // What failed before this one was up counts no more; what has failed since is of another start.
                _restarts.WasUp(session.StartedAt);
                _session = null;
            }
        }

        await session.RetireAsync().ConfigureAwait(false);
    }

    private AgentException Unavailable(string reason, Exception? cause = null) => new(
        ErrorCode.ToolUnavailable,
        $"The tool server '{definition.Name}' cannot be reached: {reason.TrimEnd('.')}. The call was not made; try again later or go on without it.",
        cause);
}
