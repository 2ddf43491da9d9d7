using System.Text;
using System.Text.RegularExpressions;
using AgentFunctions.Models;
using AgentFunctions.Tests.OpenAI;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Models.Rehearsal;

/// <summary>
/// A real folder with the tools of a workspace in their simplest form, and the plainest loop there is around a model.
/// </summary>
internal sealed class RehearsalWorkspace : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public List<string> Called { get; } = [];

    public List<int> CallsPerTurn { get; } = [];

    public string this[string path]
    {
        get => File.ReadAllText(_folder.File(path));
        set
        {
            string full = _folder.File(path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, value);
        }
    }

    public bool Has(string path) => File.Exists(_folder.File(path));

    public AIFunction ListFiles => AIFunctionFactory.Create(
        (string? path = null, string? pattern = null, int max = 200) => string.Join('\n', Files().Take(max)
            .Select(file => $"{file}  {new FileInfo(_folder.File(file)).Length}")), "list_files");

    public AIFunction ReadFile => AIFunctionFactory.Create(
        (string path, int offset = 1, int limit = 500) => File.Exists(_folder.File(path))
            ? string.Join('\n', File.ReadLines(_folder.File(path)).Skip(offset - 1).Take(limit)
                .Select((line, index) => $"{offset + index}\t{line}"))
            : $"path: there is no file '{path}'.", "read_file");

    public AIFunction SearchFiles => AIFunctionFactory.Create(
        (string pattern, string? path = null, string? glob = null, int max = 50) =>
        {
            var regex = new Regex(pattern, RegexOptions.IgnoreCase);
            var found = new StringBuilder();
            foreach (string file in Files())
            {
                int number = 0;
                foreach (string line in File.ReadLines(_folder.File(file)))
                {
                    number++;
                    if (regex.IsMatch(line))
                    {
                        found.Append(file).Append(':').Append(number).Append(": ").Append(line).Append('\n');
                    }
                }
            }

            return found.Length == 0 ? "No matches." : found.ToString();
        }, "search_files");

    public AIFunction WriteFile => AIFunctionFactory.Create(
        (string path, string content) =>
        {
            this[path] = content;
            return $"Wrote {content.Length} characters to {path}.";
        }, "write_file");

    public AIFunction[] Tools => [ListFiles, ReadFile, SearchFiles, WriteFile];

    public static AIFunction Failing(string name, string words) =>
        AIFunctionFactory.Create((string? path = null, string? pattern = null) => words, name);

    /// <summary>Runs until the model answers, with each message written and read again as the transcript does.</summary>
    public async Task<List<ChatMessage>> RunAsync(
        ModelBinding model, List<ChatMessage> messages, AIFunction[] tools,
        Func<List<ChatMessage>, List<ChatMessage>>? compact = null)
    {
        var options = new ChatOptions { Tools = [.. tools] };
        for (int turn = 0; turn < 30; turn++)
        {
            messages = OpenAIProtocolChatClientTests.TranscriptRoundTrip(compact?.Invoke(messages) ?? messages);
            ChatResponse answer = await model.Client.GetResponseAsync(messages, options);
            messages.AddRange(answer.Messages);
            FunctionCallContent[] calls = [.. answer.Messages.SelectMany(message => message.Contents)
                .OfType<FunctionCallContent>()];
            if (calls.Length == 0)
            {
                return messages;
            }

            CallsPerTurn.Add(calls.Length);
            List<AIContent> results = [];
            foreach (FunctionCallContent call in calls)
            {
                Called.Add(call.Name);
                object? result = await tools.Single(tool => tool.Name == call.Name)
                    .InvokeAsync(new AIFunctionArguments(call.Arguments!));
                results.Add(new FunctionResultContent(call.CallId, result));
            }

            messages.Add(new(ChatRole.Tool, results));
        }

        throw new InvalidOperationException("The model went round in circles: " + string.Join(", ", Called));
    }

    public void Dispose() => _folder.Dispose();

    private IEnumerable<string> Files() => Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(_folder.Path, file).Replace('\\', '/')).Order(StringComparer.Ordinal);
}
