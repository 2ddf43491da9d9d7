using System.Text.Json;

namespace AgentFunctions.Core;

/// <summary>Names a call by what it is: the place in its run, the tool and the arguments.</summary>
internal static class CallHash
{
    public static string Of(string runId, int turn, int call, string tool, JsonElement arguments) =>
        Hash($"{runId}\n{turn}\n{call}\n{tool}\n{CanonicalJson.Hash(arguments)}");

    /// <summary>The id of the approval of a call: the same however often the call is taken up.</summary>
    public static string ApprovalId(string runId, int turn, int call) => Hash($"approval\n{runId}\n{turn}\n{call}")[..20];

    /// <summary>The id of a question of a call: the same however often the call is taken up.</summary>
    public static string QuestionId(string runId, int turn, int call, int number) =>
        Hash($"question\n{runId}\n{turn}\n{call}\n{number}")[..20];

    /// <summary>The id of a question that is the same in every call of a run.</summary>
    public static string QuestionId(string runId, string key) => Hash($"question\n{runId}\n{key}")[..20];

    /// <summary>The id of a call among the changes to review: the same however often the call is taken up.</summary>
    public static string ChangeId(string runId, int turn, int call) => Hash($"change\n{runId}\n{turn}\n{call}")[..20];

    /// <summary>The id of the question whether to make a call again: the same until it is made again.</summary>
    public static string RepeatId(string runId, int turn, int call, int repeats) =>
        Hash($"repeat\n{runId}\n{turn}\n{call}\n{repeats}")[..20];

    /// <summary>The same for calls of one tool, agent and rule whose arguments have the same names.</summary>
    public static string Group(string rule, string agent, string tool, JsonElement arguments)
    {
        IEnumerable<string> names = arguments.ValueKind == JsonValueKind.Object
            ? arguments.EnumerateObject().Select(member => member.Name)
            : [];
        return Hash($"{rule}\n{agent}\n{tool}\n{string.Join('\n', names.Order(StringComparer.Ordinal))}")[..16];
    }

    private static string Hash(string text) => TextHash.Of(text);
}
