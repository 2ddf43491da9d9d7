using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.Approvals;

/// <summary>What approvals tell the host's log. Event ids 2000 to 2099, with the rest of governance.</summary>
internal static partial class ApprovalLog
{
    [LoggerMessage(2004, LogLevel.Error, "Record {Key} was altered outside this host: the call that it speaks of is refused")]
    public static partial void ApprovalAltered(ILogger logger, string key);

    [LoggerMessage(2003, LogLevel.Warning, "Approval {Approval} could not be told to {Channel}: {Problem}")]
    public static partial void ApprovalNotTold(ILogger logger, string approval, string channel, string problem);
}
