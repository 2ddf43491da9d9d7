using AgentFunctions.Records;
using AgentFunctions.Views;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace AgentFunctions.AspNetCore.Doors.Mcp;

/// <summary>Tells a client how far the run of its call is: how many steps have ended.</summary>
/// <param name="server">The client's end.</param>
/// <param name="token">What the client calls the call.</param>
internal sealed class McpProgress(McpServer server, ProgressToken token)
{
    private int _steps;

    /// <summary>Tells of an event of the run. A client that cannot be told misses it.</summary>
    /// <param name="e">The event.</param>
    public async Task TellAsync(JournalEvent e)
    {
        if (e.Type is not (JournalEventTypes.ModelCompleted or JournalEventTypes.ToolCompleted))
        {
            return;
        }

        _steps++;
        try
        {
            var progress = new ProgressNotificationValue { Progress = _steps, Message = $"turn {e.Turn}: {e.Tool ?? e.Model}" };
            await server.NotifyProgressAsync(token, progress, null, CancellationToken.None);
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The client has left; the run continues.
        }
    }
}
