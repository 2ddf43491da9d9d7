using System.Text.Json;
using AgentFunctions.Mcp.Input;
using AgentFunctions.Tools;
using AgentFunctions.Tools.Servers;
using Microsoft.Extensions.AI;
using ModelContextProtocol.Protocol;

namespace AgentFunctions.Mcp;

/// <summary>One tool of a server as a function of the Microsoft.Extensions.AI ecosystem.</summary>
internal sealed class McpFunction(McpServer server, Tool tool) : AIFunction
{
    private readonly InputCall _call = new(server, tool);

    public override string Name { get; } = McpToolName.Of(server.Definition.Name, tool.Name);

    public override string Description => tool.Description ?? tool.Title ?? "";

    public override JsonElement JsonSchema => tool.InputSchema;

    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var context = (ToolContext)arguments.Context![typeof(ToolContext)]!;
        Dictionary<string, JsonElement> sent = SentArguments.Check(this, arguments);
        if (await _call.MakeAsync(sent, context, cancellationToken).ConfigureAwait(false) is not { } result)
        {
            return "The call waits for a person.";
        }

        string text = server.Hide(await McpResult.ToTextAsync(result, context, cancellationToken).ConfigureAwait(false));
        return result.IsError == true
            ? throw new AgentException(ErrorCode.ToolFailed, text.Length == 0 ? $"The tool '{Name}' failed without a word." : text)
            : text;
    }
}
