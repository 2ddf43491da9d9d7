using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Governance.Boundaries;
using AgentFunctions.Models;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;

namespace AgentFunctions.RepoSwarm;

/// <summary>
/// Stands in for a model where no key is set: a script for the lead and one for its sub-agents, by what the tools return. Every
/// text says so.
/// </summary>
internal sealed class RehearsedAudit : IChatClient
{
    private const string Label = "[rehearsal model]";
    private const string Template = "Audit the folder {item} of this workspace.";

    /// <summary>The stand-in as a model of the host.</summary>
    public static ModelBinding Binding { get; } = new(
        "rehearsal", "rehearsal", new ModelProfile { Provider = "rehearsal", IsRehearsal = true, Streaming = false }, new RehearsedAudit());

    /// <summary>Whether no real model is configured.</summary>
    public static bool IsNeeded(IConfiguration configuration) =>
        !configuration.GetSection("Models").GetChildren().Any()
        && !new[] { "OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "MOONSHOT_API_KEY" }.Any(name => configuration[name] is { Length: > 0 });

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ChatMessage[] all = [.. messages];
        string[] results = [.. all.SelectMany(message => message.Contents).OfType<FunctionResultContent>().Select(result => UntrustedText.Unmark($"{result.Result}"))];
        string goal = all.First(message => message.Role == ChatRole.User).Text;
        bool isLead = options?.Tools?.Any(tool => tool.Name == "spawn") == true;
        return Task.FromResult(isLead ? Lead(results) : Auditor(goal, results));
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (ChatResponseUpdate update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }

    private static ChatResponse Lead(string[] results) => results switch
    {
        [] => Call("I look at the tree.", "list_files", 1, ("max", 10_000)),
        [var listing] when Folders(listing) is { Length: > 0 } folders =>
            Call($"I give {folders.Length} folders to as many sub-agents.", "spawn", 2, ("items", folders), ("template", Template), ("agent", "auditor")),
        [_] => Say("There is no folder to audit."),
        [_, _] => Call("I wait for them.", "wait", 3),
        [_, _, var overview] => Call($"All have ended: {overview.Split('\n')[0]} I read what they found.", "results", 4, ("limit", 100)),
        [_, _, _, var found] => Call(
            "I write the report.", "write_file", 5, ("path", ".agentfunctions/swarm-report.md"), ("content", $"# Audit\n\nBy a script, not a language model.\n\n{found}\n")),
        _ => Say($"The report is in .agentfunctions/swarm-report.md. Set OPENAI_API_KEY for a real model. {results[2].Split('\n')[0]}"),
    };

    private static ChatResponse Auditor(string goal, string[] results)
    {
        string folder = goal.Split("the folder ")[1].Split(' ')[0];
        return results switch
        {
            [] => Call($"I list {folder}.", "list_files", 1, ("path", folder)),
            [_] => Call($"I search {folder} for unfinished work.", "search_files", 2, ("pattern", @"\b(TODO|FIXME|HACK|XXX)\b"), ("path", folder), ("max", 20)),
            [_, _] => Call($"I search {folder} for likely secrets.", "search_files", 3, ("pattern", "(?i)(password|secret|api_?key)\\s*[:=]\\s*[\"'][^\"']{8,}"), ("path", folder), ("max", 20)),
            [var files, var todos, var secrets, ..] => Say($"{folder}: {files.Split('\n').Length} files.\nUnfinished work:\n{todos}\nLikely secrets:\n{secrets}"),
        };
    }

    /// <summary>The folders to give away: those at the top, and one level down where a top folder is large.</summary>
    private static string[] Folders(string listing)
    {
        string[][] paths = [.. listing.Split('\n').Select(static line => line.Split("  ")[0].Split('/')).Where(static path => path.Length > 1)];
        return
        [
            .. paths.GroupBy(static path => path[0])
                .SelectMany(static top => top.Count() <= 30 ? [top.Key] : top.Where(static path => path.Length > 2).Select(path => $"{top.Key}/{path[1]}").Distinct())
                .Where(static folder => !folder.StartsWith('.') && !folder.Contains(' ', StringComparison.Ordinal))
                .Order(StringComparer.Ordinal).Take(100),
        ];
    }

    private static ChatResponse Call(string text, string tool, int number, params (string Name, object Value)[] arguments) =>
        Response(text, ChatFinishReason.ToolCalls, [new FunctionCallContent(
            $"call_{number}", tool, arguments.ToDictionary(static argument => argument.Name, static object? (argument) => JsonSerializer.SerializeToElement(argument.Value)))]);

    private static ChatResponse Say(string text) => Response(text, ChatFinishReason.Stop, []);

    private static ChatResponse Response(string text, ChatFinishReason reason, IEnumerable<AIContent> calls) =>
        new(new ChatMessage(ChatRole.Assistant, [new TextContent($"{Label} {text}"), .. calls])) { ModelId = "rehearsal", FinishReason = reason, Usage = new() };
}
