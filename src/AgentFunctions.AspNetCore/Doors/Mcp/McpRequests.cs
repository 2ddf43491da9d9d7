using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Problems;
using Microsoft.AspNetCore.Http;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>What a request of the Model Context Protocol says of its caller and of what its client can do.</summary>
internal static class McpRequests
{
    /// <summary>The name of the door.</summary>
    public const string Door = "mcp";

    /// <summary>The extension for tasks.</summary>
    public const string Tasks = "io.modelcontextprotocol/tasks";

    /// <summary>The first version of the protocol that has tasks.</summary>
    private const string FirstWithTasks = "2026-07-28";

    /// <summary>Gets who calls.</summary>
    /// <param name="request">The request.</param>
    /// <param name="name">The name of the task, or of the call; <see langword="null"/> for none.</param>
    public static Caller CallerOf(MessageContext request, string? name = null) => DoorCallers.CallerOf(request.User, Door, name);

    /// <summary>Whether the client has said that it knows tasks, for this request or for its session.</summary>
    public static bool KnowsTasks(JsonRpcRequest request) => HasTasks(request)
        && (request.Context?.ClientCapabilities?.Extensions?.ContainsKey(Tasks) == true
            || (request.Params is JsonObject parameters && parameters["_meta"] is JsonObject meta
                && meta["io.modelcontextprotocol/clientCapabilities"] is JsonObject capabilities
                && capabilities["extensions"] is JsonObject extensions && extensions.ContainsKey(Tasks)));

    /// <summary>Whether the client can ask its person.</summary>
    public static bool CanElicit(RequestContext<CallToolRequestParams> request) => request.Server.IsMrtrSupported
        && (request.JsonRpcRequest.Context?.ClientCapabilities ?? request.Server.ClientCapabilities)?.Elicitation is not null;

    /// <summary>Ensures that a request about tasks may be made.</summary>
    /// <exception cref="McpProtocolException">The version has no tasks, or the client did not say that it knows them.</exception>
    public static void EnsureKnowsTasks(JsonRpcRequest request)
    {
        if (!HasTasks(request))
        {
            throw new McpProtocolException(
                $"'{request.Method}' requires version {FirstWithTasks} of the protocol, or later.", McpErrorCode.MethodNotFound);
        }

        if (!KnowsTasks(request))
        {
            throw Missing();
        }
    }

    /// <summary>Makes the error for a client that does not know tasks.</summary>
    public static MissingRequiredClientCapabilityException Missing() => new(
        new ClientCapabilities { Extensions = new Dictionary<string, object> { [Tasks] = new JsonObject() } },
        $"The client must declare the extension '{Tasks}'.");

    /// <summary>Whether an error is one of the protocol, and no result that a model may mend.</summary>
    /// <param name="code">The error.</param>
    /// <param name="isRetry">Whether the call goes on with a run that was started before.</param>
    public static bool IsOfProtocol(ErrorCode code, bool isRetry) =>
        code is ErrorCode.RunNotFound or ErrorCode.AgentNotFound or ErrorCode.QuotaExceeded || IsOfHost(code)
        || (isRetry && code == ErrorCode.NotAllowed);

    /// <summary>Makes the protocol's error of one of the library's.</summary>
    public static McpProtocolException Error(AgentException e)
    {
        // What is wrong with the host is for its log.
        string message = IsOfHost(e.Code) ? ErrorStatus.Describe(ErrorStatus.Of(e.Code)).Detail : e.Message;
        return new McpProtocolException(
            $"{message} [{CamelCase.Of(e.Code)}]",
            IsOfHost(e.Code) || e.Code == ErrorCode.QuotaExceeded ? McpErrorCode.InternalError : McpErrorCode.InvalidParams);
    }

    private static bool IsOfHost(ErrorCode code) => ErrorStatus.Of(code) >= StatusCodes.Status500InternalServerError;

    private static bool HasTasks(JsonRpcRequest request) =>
        string.CompareOrdinal(request.Context?.ProtocolVersion, FirstWithTasks) >= 0;
}
