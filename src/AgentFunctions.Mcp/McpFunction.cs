using System.Text.Json;
using AgentFunctions.Mcp.Input;
using AgentFunctions.Mcp.Tasks;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.AI;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp;

/// <summary>One tool of a server as a function of the Microsoft.Extensions.AI ecosystem.</summary>
/// <param name="server">The server.</param>
/// <param name="tool">The tool.</param>
/// <param name="tasks">Makes its calls if they may become tasks; <see langword="null"/> if they may not.</param>
internal sealed class McpFunction(McpServer server, Tool tool, TaskCall? tasks) : AIFunction
{
    private readonly InputCall _call = new(server, tool, takesTask: false);

    public override string Name { get; } = McpToolName.Of(server.Definition.Name, tool.Name);

    public override string Description => tool.Description ?? tool.Title ?? "";

    public override JsonElement JsonSchema => tool.InputSchema;

    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments,
        CancellationToken cancellationToken)
    {
        var context = (ToolContext)arguments.Context![typeof(ToolContext)]!;
        Dictionary<string, JsonElement> sent = SentArguments.Check(this, arguments);
        if (tasks is not null)
        {
            return await tasks.StartAsync(sent, context, cancellationToken).ConfigureAwait(false);
        }

        return await _call.MakeAsync(sent, context, cancellationToken).ConfigureAwait(false) is { } answer
            ? await ToOutcomeAsync(server, tool, answer.Result!, context, cancellationToken).ConfigureAwait(false)
            : "The call waits for a person.";
    }

    /// <summary>Makes the outcome of a call of its result.</summary>
    /// <param name="server">The server.</param>
    /// <param name="tool">The tool.</param>
    /// <param name="result">The result.</param>
    /// <param name="context">The call.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public static async Task<ToolOutcome> ToOutcomeAsync(
        McpServer server, Tool tool, CallToolResult result, ToolContext context, CancellationToken cancellationToken)
    {
        string text = server.Hide(await McpResult.ToTextAsync(result, context, cancellationToken).ConfigureAwait(false));
        return result.IsError == true
            ? ToolOutcome.Failed(
                ErrorCode.ToolFailed,
                text.Length == 0
                    ? $"The tool '{McpToolName.Of(server.Definition.Name, tool.Name)}' failed without a word."
                    : text)
            : new ToolOutcome(text);
    }
}
