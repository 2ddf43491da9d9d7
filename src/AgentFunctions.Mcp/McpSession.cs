using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using AgentFunctions.Mcp.Input;
using AgentFunctions.Mcp.Programs;
using AgentFunctions.Mcp.Tasks;
using AgentFunctions.Tools;
using Microsoft.Extensions.Logging;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp;

/// <summary>One connection to a server, from its handshake to its end. Shared by all runs; safe for concurrent use.</summary>
internal sealed class McpSession
{
    /// <summary>Where in a call's metadata the server finds the idempotency key <c>run/turn/call</c>.</summary>
    public const string IdempotencyKeyMeta = "agentfunctions/idempotencyKey";

    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(30);

    private static readonly JsonTypeInfo CallType = McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(CallToolRequestParams));

    private readonly Lock _gate = new();
    private readonly McpClient _client;
    private readonly McpTransport _transport;
    private readonly string _server;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private Task<IReadOnlyList<Tool>>? _tools;
    private long _listedAt;
    private int _inUse;
    private int _isEndCounted;
    private volatile bool _isRetired;

    private readonly McpQuestions _questions;
    private readonly McpReports _reports = new();
    private readonly McpListLifetime _lifetime;
    private readonly OlderTasks _olderTasks;

    private McpSession(
        McpClient client, McpQuestions questions, McpListLifetime lifetime, OlderTasks olderTasks, McpTransport transport,
        string server, TimeProvider time, ILogger logger) =>
        (_client, _questions, _lifetime, _olderTasks, _transport, _server, _time, _logger, StartedAt) =
        (client, questions, lifetime, olderTasks, transport, server, time, logger, time.GetTimestamp());

    /// <summary>Gets what must not be repeated of the server's configuration.</summary>
    public McpSecrets Secrets => _transport.Secrets;

    /// <summary>Gets the server's address; <see langword="null"/> for a program.</summary>
    public Uri? Endpoint => _transport.Endpoint;

    /// <summary>Gets why the server ended, as far as that is known.</summary>
    public string? EndReason => _transport.EndReason;

    /// <summary>Gets whether the server was ended for sending too much.</summary>
    public bool IsFlooded => _transport.IsFlooded;

    /// <summary>
    /// Gets whether the server speaks a protocol that begins with <c>initialize</c>, so that it need not be probed again.
    /// </summary>
    public bool IsOlderProtocol => string.CompareOrdinal(_client.NegotiatedProtocolVersion, McpHandshake.NewestProtocol) < 0;

    /// <summary>Determines whether the server may make a task of a call whose client knows them.</summary>
    /// <param name="tool">The tool, as the server names it.</param>
    public bool MayMakeTaskOf(string tool) => IsOlderProtocol
        ? _olderTasks.MakeOf(tool)
        : _client.ServerCapabilities?.Extensions?.ContainsKey(TaskWire.Extension) == true;

    /// <summary>Gets the timestamp at which the connection was made.</summary>
    public long StartedAt { get; }

    /// <summary>Determines whether the caller is the first to notice the server's end: it counts once.</summary>
    public bool TryCountEnd() => Interlocked.Exchange(ref _isEndCounted, 1) == 0;

    /// <summary>Completes when the server is gone.</summary>
    public Task<ClientCompletionDetails> Completion => _client.Completion;

    /// <summary>Gets whether the host gave the connection up.</summary>
    public bool IsRetired => _isRetired;

    /// <summary>Gets whether calls can still be sent: the connection stands, and the program behind it runs.</summary>
    public bool IsAlive => !_client.Completion.IsCompleted && _transport.Client is not ProgramTransport { HasExited: true };

    /// <summary>Connects.</summary>
    public static async Task<McpSession> OpenAsync(
        McpTransport transport, McpClientOptions options, string server, TimeSpan timeout, TimeProvider time, ILogger logger,
        CancellationToken cancellationToken)
    {
        var questions = new McpQuestions(server, timeout, time);
        options.Handlers.ElicitationHandler = questions.AnswerAsync;
        var lifetime = new McpListLifetime();
        var olderTasks = new OlderTasks();
        var way = new InputTransport(
            transport.Client,
            answer =>
            {
                lifetime.Take(answer);
                olderTasks.Take(answer);
            });
        McpClient client = await McpClient.CreateAsync(way, options, null, cancellationToken).ConfigureAwait(false);
        var session = new McpSession(client, questions, lifetime, olderTasks, transport, server, time, logger);
        client.RegisterNotificationHandler(NotificationMethods.ToolListChangedNotification, (_, _) =>
        {
            session.ForgetTools();
            McpLog.ToolsChanged(logger, server);
            return ValueTask.CompletedTask;
        });
        client.RegisterNotificationHandler(NotificationMethods.ProgressNotification, (notification, _) =>
        {
            session._reports.Take(notification, session.Secrets.Hide);
            return ValueTask.CompletedTask;
        });
        McpLog.Connected(logger, server, client.ServerInfo?.Name ?? "unnamed", client.ServerInfo?.Version ?? "");
        if (!session.IsOlderProtocol && client.ServerCapabilities?.Tools?.ListChanged == true)
        {
            _ = session.ListenAsync();
        }

        return session;
    }

    /// <summary>The server's present tools.</summary>
    public async Task<IReadOnlyList<Tool>> ListToolsAsync(CancellationToken cancellationToken)
    {
        Task<IReadOnlyList<Tool>> tools;
        lock (_gate)
        {
            if (_tools is null or { IsFaulted: true } or { IsCanceled: true } || _time.GetElapsedTime(_listedAt) >= _lifetime.Value)
            {
                _listedAt = _time.GetTimestamp();
                _lifetime.Begin();
                _tools = AskForToolsAsync();
            }

            tools = _tools;
        }

        return await tools.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a call; every failure is an exception of the SDK's.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="context">The call.</param>
    /// <param name="answers">The answers to what the server asked for before; <see langword="null"/> for none.</param>
    /// <param name="takesTask">Whether the answer may be a task.</param>
    /// <param name="cancellationToken">The token to cancel the call.</param>
    public async Task<McpCallAnswer> CallToolAsync(
        string tool, IDictionary<string, JsonElement> arguments, ToolContext context, InputAnswers? answers, bool takesTask,
        CancellationToken cancellationToken)
    {
        using McpQuestions.OpenCall open = _questions.Begin(context);
        using McpReports.Call reports = _reports.Begin(context.Progress);
        var call = new CallToolRequestParams
        {
            Name = tool,
            Arguments = arguments,
            Meta = new JsonObject { [IdempotencyKeyMeta] = context.IdempotencyKey, ["progressToken"] = reports.Token },
        };
        AddTrace(call.Meta);
        takesTask &= MayMakeTaskOf(tool);
        if (takesTask && !IsOlderProtocol)
        {
            TaskWire.OptIn(call.Meta);
        }

        JsonNode? parameters = JsonSerializer.SerializeToNode(call, CallType);
        if (takesTask && IsOlderProtocol)
        {
            OlderTasks.OptIn(parameters!);
        }

        if (answers is { Responses.Count: > 0 })
        {
            parameters!["inputResponses"] = answers.Responses.DeepClone();
        }

        if (answers?.State is { } state)
        {
            parameters!["requestState"] = state;
        }

        var request = new JsonRpcRequest { Method = RequestMethods.ToolsCall, Params = parameters };
        JsonRpcResponse response = await UseAsync(client => client.SendRequestAsync(request, cancellationToken))
            .ConfigureAwait(false);
        if (takesTask && TaskStand.Is(response.Result))
        {
            TaskStand task = TaskStand.ReadStarted(response.Result)
                ?? throw new McpException("The server made a task of the call and did not say which.");
            return new McpCallAnswer(null, null, open.Notes) { Task = task };
        }

        if (response.Result is JsonObject required && required["resultType"] is JsonValue kind
            && kind.TryGetValue(out string? said) && said == InputTransport.Kind)
        {
            return new McpCallAnswer(null, required, open.Notes);
        }

        return new McpCallAnswer(McpAnswer.Read(response.Result), null, open.Notes);
    }

    /// <summary>
    /// Waits for the result of a task of 2025-11-25, within which the server may ask for input; every failure is an exception of
    /// the SDK's.
    /// </summary>
    /// <param name="id">The task.</param>
    /// <param name="context">The call.</param>
    /// <param name="cancellationToken">The token to cancel the wait, which the task does not notice.</param>
    public async Task<McpCallAnswer> ResultOfTaskAsync(string id, ToolContext context, CancellationToken cancellationToken)
    {
        using McpQuestions.OpenCall open = _questions.Begin(context);
        JsonNode? result = await SendAsync(OlderTasks.Result(id), cancellationToken).ConfigureAwait(false);
        return new McpCallAnswer(McpAnswer.Read(result), null, open.Notes);
    }

    /// <summary>Sends a request; every failure is an exception of the SDK's.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">The token to cancel it.</param>
    public async Task<JsonNode?> SendAsync(JsonRpcRequest request, CancellationToken cancellationToken) =>
        (await UseAsync(client => client.SendRequestAsync(request, cancellationToken)).ConfigureAwait(false)).Result;

    /// <summary>Asks for a sign of life.</summary>
    public Task PingAsync(CancellationToken cancellationToken) =>
        UseAsync(async client => await client.PingAsync(cancellationToken: cancellationToken).ConfigureAwait(false));

    /// <summary>Ends the connection once the calls that use it are over.</summary>
    public async Task RetireAsync()
    {
        lock (_gate)
        {
            bool isFirst = !_isRetired;
            _isRetired = true;
            if (!isFirst || _inUse > 0)
            {
                return;
            }
        }

        await CloseAsync().ConfigureAwait(false);
    }

    /// <summary>Ends the connection now, and with it the server's process.</summary>
    public async Task CloseAsync() => await _client.DisposeAsync().ConfigureAwait(false);

    /// <summary>
    /// Has the server say when its tools change, as protocols since 2026-07-28 have it: by a request that stays open. Where it
    /// does not, or its stream ends, lists are asked for again when they are stale.
    /// </summary>
    private async Task ListenAsync()
    {
        try
        {
            var request = new JsonRpcRequest
            {
                Method = "subscriptions/listen",
                Params = new JsonObject { ["notifications"] = new JsonObject { ["toolsListChanged"] = true } },
            };
            await _client.SendRequestAsync(request, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is McpException or HttpRequestException or IOException or InvalidOperationException
            or OperationCanceledException)
        {
            McpLog.NotListening(_logger, _server, Secrets.Hide(e.Message));
        }
    }

    /// <summary>Tells the server which trace the call belongs to, by the keys of W3C.</summary>
    private static void AddTrace(JsonObject meta)
    {
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } parent } current)
        {
            meta["traceparent"] = parent;
            if (current.TraceStateString is { Length: > 0 } state)
            {
                meta["tracestate"] = state;
            }
        }
    }

    private void ForgetTools()
    {
        lock (_gate)
        {
            _tools = null;
        }
    }

    private async Task<IReadOnlyList<Tool>> AskForToolsAsync()
    {
        using var timeout = new CancellationTokenSource(ListTimeout, _time);
        return await McpToolList.ReadAsync(_client, _server, _logger, timeout.Token).ConfigureAwait(false);
    }

    private async Task<T> UseAsync<T>(Func<McpClient, Task<T>> use)
    {
        lock (_gate)
        {
            _inUse++;
        }

        try
        {
            return await use(_client).ConfigureAwait(false);
        }
        finally
        {
            bool isLast;
            lock (_gate)
            {
                isLast = --_inUse == 0 && _isRetired;
            }

            if (isLast)
            {
                await CloseAsync().ConfigureAwait(false);
            }
        }
    }
}
