using System.Text;
using AgentFunctions.Storage;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Activities;

/// <summary>Messages as plain text, for a model that reads them as data.</summary>
internal static class Conversation
{
    /// <summary>How much of one tool result is repeated, in characters.</summary>
    private const int ResultLimit = 4_000;

    public static string Render(IEnumerable<TranscriptEntry> entries)
    {
        var text = new StringBuilder();
        foreach (AIContent content in entries.SelectMany(entry => entry.Message.Contents.Select(content => Tag(entry, content))))
        {
            text.Append(content).Append('\n');
        }

        return text.ToString();
    }

    private static TextContent Tag(TranscriptEntry entry, AIContent content) => new(content switch
    {
        TextContent said => $"<{entry.Message.Role.Value}> {said.Text}",
        FunctionCallContent call => $"<call {call.Name}> {Preview.Of(ToolInvoker.ArgumentsText(call), ResultLimit)}",
        FunctionResultContent result => $"<result> {Preview.Of(result.Result?.ToString(), ResultLimit)}",
        _ => "",
    });
}
