using AgentFunctions.Governance.Redaction;
using AgentFunctions.Prompts;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What the model was shown at a turn.</summary>
/// <param name="Turn">The turn.</param>
/// <param name="Model">The name of the model.</param>
/// <param name="Instructions">The system message.</param>
/// <param name="Tools">The names of the tools that were declared.</param>
/// <param name="Messages">The messages, with the marks around what tools returned and what people said.</param>
/// <param name="Summary">The position of the summary that stands for older messages; null if nothing was left out.</param>
internal sealed record ShownResource(
    int Turn, string Model, string Instructions, IReadOnlyList<string> Tools, IReadOnlyList<MessageResource> Messages,
    long? Summary)
{
    public static ShownResource Of(ShownRequest shown, Redactor redactor) => new(
        shown.Turn, shown.Model, shown.Instructions, shown.Tools,
        [.. shown.Messages.Select(entry => MessageResource.Of(entry, redactor))], shown.Summary);
}
