using AgentFunctions.Core.Text;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Testing;

/// <summary>Represents a request that a <see cref="ScriptedModel"/> received.</summary>
/// <param name="Messages">The messages, the oldest first.</param>
/// <param name="Tools">The names of the tools that were offered.</param>
public sealed record ScriptedRequest(IReadOnlyList<ChatMessage> Messages, IReadOnlyList<string> Tools)
{
    /// <summary>Gets the number of the turn in its run, from 1: one more than the answers that the request contains.</summary>
    public int Turn => Messages.Count(static message => message.Role == ChatRole.Assistant) + 1;

    /// <summary>Gets the instructions, by which a script tells agents apart.</summary>
    public string Instructions =>
        string.Join('\n', Messages.Where(static message => message.Role == ChatRole.System)
            .Select(static message => message.Text));

    /// <summary>
    /// Gets what the tools returned so far, without the marks that the runtime puts around it, the oldest first.
    /// </summary>
    public IReadOnlyList<string> Results =>
    [
        .. Messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>()
            .Select(static result => UntrustedText.Unmark($"{result.Result}")),
    ];

    /// <summary>Gets the last result of a tool; the empty string if there is none.</summary>
    public string LastResult => Results.Count > 0 ? Results[^1] : "";

    /// <summary>Gets the text of the last message, as the model would read it.</summary>
    public string LastMessage => Messages.Count > 0 ? Messages[^1].Text : "";
}
