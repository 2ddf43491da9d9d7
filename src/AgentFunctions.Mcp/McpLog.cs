using Microsoft.Extensions.Logging;

namespace AgentFunctions.Mcp;

/// <summary>What is logged about tool servers.</summary>
internal static partial class McpLog
{
    [LoggerMessage(4100, LogLevel.Information, "Tool server '{Server}' is connected; it says it is {Name} {Version}.")]
    public static partial void Connected(ILogger logger, string server, string name, string version);

    [LoggerMessage(4101, LogLevel.Warning, "Tool server '{Server}' ended: {Reason}")]
    public static partial void Ended(ILogger logger, string server, string reason);

    [LoggerMessage(4102, LogLevel.Warning, "Tool server '{Server}' cannot be reached (attempt {Attempt}): {Reason}")]
    public static partial void Unreachable(ILogger logger, string server, int attempt, string reason);

    [LoggerMessage(4103, LogLevel.Information, "Tool server '{Server}' wrote to stderr: {Line}")]
    public static partial void ServerSaid(ILogger logger, string server, string line);

    [LoggerMessage(4104, LogLevel.Information, "Tool server '{Server}' changed its list of tools.")]
    public static partial void ToolsChanged(ILogger logger, string server);

    [LoggerMessage(4105, LogLevel.Warning, "Agent '{Agent}' goes without the tools of server '{Server}': {Reason}")]
    public static partial void LeftOut(ILogger logger, string agent, string server, string reason);

    [LoggerMessage(4107, LogLevel.Information,
        "Tool server '{Server}' is disabled in {Origin}: it is not started and its tools are not offered.")]
    public static partial void Disabled(ILogger logger, string server, string origin);

    [LoggerMessage(4108, LogLevel.Information,
        "Tool server '{Server}' took the handshake badly; it is tried once more with the {Protocol} protocol.")]
    public static partial void TriedOnceMore(ILogger logger, string server, string protocol);

    [LoggerMessage(4109, LogLevel.Warning, "Tool server '{Server}': tool '{Tool}' is left out: {Reason}.")]
    public static partial void ToolLeftOut(ILogger logger, string server, string tool, string reason);

    [LoggerMessage(4110, LogLevel.Warning, "A tool server is left out: {Reason}")]
    public static partial void ServerLeftOut(ILogger logger, string reason);

    [LoggerMessage(4111, LogLevel.Warning, "{Reason}")]
    public static partial void SignInNeeded(ILogger logger, string reason);

    [LoggerMessage(4112, LogLevel.Warning,
        "Tool server '{Server}': a task of the ended run '{Run}' could not be cancelled: {Reason}")]
    public static partial void TaskNotCancelled(ILogger logger, string server, string run, string reason);

    [LoggerMessage(4113, LogLevel.Debug, "Tool server '{Server}' does not say when its tools change (any more): {Reason}")]
    public static partial void NotListening(ILogger logger, string server, string reason);

    [LoggerMessage(4106, LogLevel.Information, "{Note}")]
    public static partial void Noted(ILogger logger, string note);
}
