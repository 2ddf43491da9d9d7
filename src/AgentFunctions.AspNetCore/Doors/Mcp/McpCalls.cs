using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Security;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Runs;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>Lists and calls the tools of this door. No work hangs on a call: it admits a run, and at most waits for it.</summary>
internal sealed class McpCalls(
    McpAgentTools agentTools, McpRunTools runTools, AgentGateway gateway, RunStands stands, Elicitation elicitation,
    RunAccess access, OpenStreams streams, IOptions<DoorOptions> options)
{
    /// <summary>The name of the member of <c>_meta</c> by which a client makes a call safe to repeat.</summary>
    private const string KeyMember = "agentfunctions/idempotencyKey";

    /// <summary>Lists the tools that the caller may use.</summary>
    public ListToolsResult List(RequestContext<ListToolsRequestParams> request)
    {
        Caller caller = McpRequests.CallerOf(request);
        return new ListToolsResult
        {
            Tools =
            [
                .. agentTools.Of(caller).Select(McpAgentTools.Describe).Concat(McpRunTools.All)
                    .OrderBy(static tool => tool.Name, StringComparer.Ordinal),
            ],
            TimeToLive = TimeSpan.FromMinutes(1),
            CacheScope = CacheScope.Private,
        };
    }

    /// <summary>Calls a tool.</summary>
    public async ValueTask<ResultOrAlternate<CallToolResult>> CallAsync(
        RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        CallToolRequestParams call = request.Params!;
        Caller caller = McpRequests.CallerOf(request, KeyOf(call));
        try
        {
            if (await runTools.TryCallAsync(call, caller, cancellationToken) is { } told)
            {
                return new(told);
            }

            McpAgentTool tool = agentTools.Find(call.Name, caller)
                ?? throw new McpProtocolException($"Unknown tool: '{call.Name}'", McpErrorCode.InvalidParams);
            return await CallAsync(tool, request, caller, cancellationToken);
        }
        catch (AgentException e) when (McpRequests.IsOfProtocol(e.Code, isRetry: call.RequestState is not null))
        {
            throw McpRefusals.Of(request, e);
        }
        catch (AgentException e)
        {
            return new(McpResults.Refusal(e));
        }
    }

    private async Task<ResultOrAlternate<CallToolResult>> CallAsync(
        McpAgentTool tool, RequestContext<CallToolRequestParams> request, Caller caller, CancellationToken cancellationToken)
    {
        bool knowsTasks = McpRequests.KnowsTasks(request.JsonRpcRequest);
        if (tool.Tasks == McpTaskUse.Must && !knowsTasks)
        {
            throw McpRequests.Missing();
        }

        string? known = McpRequestState.Read(request.Params!);
        bool makesTask = known is null && knowsTasks && tool.Tasks != McpTaskUse.Never;
        if (known is null)
        {
            EnsureMaySubmit(caller, request);
        }

        // The answer to a call that waits is a stream. A call that is turned away has started nothing.
        using IDisposable? stream = makesTask ? null : streams.Open(caller);
        string id;
        if (known is not null)
        {
            RunStand stand = await stands.GetAsync(known, caller, RunAct.See, cancellationToken);
            McpRequestState.Ensure(stand.Run, await access.IsRequesterAsync(caller, known, cancellationToken), tool);
            await elicitation.AnswerAsync(
                stand.Open, request.Params!.InputResponses ?? new Dictionary<string, InputResponse>(), caller, cancellationToken);
            id = known;
        }
        else
        {
            Run run = await gateway.SubmitAsync(
                McpAgentTools.Submission(tool, request), caller, KeyOf(request.Params!), cancellationToken);
            if (makesTask)
            {
                return ResultOrAlternate<CallToolResult>.FromAlternate(
                    McpTaskWire.Created(run), McpDoorJsonContext.Default.McpCreatedTask);
            }

            id = run.Id;
        }

        return new(await WaitAsync(id, tool, request, caller, cancellationToken));
    }

    private async Task<CallToolResult> WaitAsync(
        string id, McpAgentTool tool, RequestContext<CallToolRequestParams> request, Caller caller,
        CancellationToken cancellationToken)
    {
        McpProgress? progress = request.Params!.ProgressToken is { } token ? new McpProgress(request.Server, token) : null;
        TimeSpan longest = progress is null ? options.Value.Mcp.WaitFor : options.Value.WaitFor;
        RunStand stand = await stands.WaitAsync(
            id, caller, longest, progress is null ? null : progress.TellAsync, cancellationToken);
        if (stand.Run.IsEnded)
        {
            return McpResults.Of(stand.Run, tool);
        }

        return stand.Answerable.Count > 0 && McpRequests.CanElicit(request)
            ? throw new InputRequiredException(
                Elicitation.Requests(stand.Answerable),
                McpRequestState.Of(id, stand.Answerable.Select(static open => open.Id), request.Params))
            : McpResults.Unfinished(stand);
    }

    private static void EnsureMaySubmit(Caller caller, MessageContext request)
    {
        try
        {
            DoorCallers.EnsureMaySubmit(caller);
        }
        catch (AgentException e)
        {
            throw McpRefusals.OfScope(request, e);
        }
    }

    private static string? KeyOf(CallToolRequestParams call) =>
        call.Meta?[KeyMember] is JsonValue value && value.TryGetValue(out string? key) ? $"mcp/{key}"
        : call.Arguments?.TryGetValue(McpAgentTools.RequestKey, out JsonElement named) == true
            && named.ValueKind == JsonValueKind.String ? $"mcp/{named.GetString()}"
        : null;
}
