using System.Security.Cryptography;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Models;

/// <summary>
/// Makes the calls of a message such that every endpoint takes them back: each has a name of letters, digits, <c>_</c> and
/// <c>-</c>, and an id of its own. What the model said is kept beside it. Calls that are good already stay the same instances.
/// </summary>
internal static class SendableCalls
{
    private const int MaxNameLength = 64;

    /// <summary>Nine letters and digits: the only form that Mistral takes.</summary>
    private const int IdLength = 9;

    private const string NameMark = "invalid_";
    private const string NoName = "name";

    /// <summary>Makes up an id.</summary>
    /// <param name="index">The number of the call within its message.</param>
    public static string RandomId(int index) => RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", IdLength);

    /// <summary>Gets the calls, mended where an endpoint would refuse them.</summary>
    /// <param name="calls">The calls of one message.</param>
    /// <param name="newId">Makes up an id for the call of a number.</param>
    public static IReadOnlyList<FunctionCallContent> Mend(IReadOnlyList<FunctionCallContent> calls, Func<int, string> newId)
    {
        HashSet<string> ids = new(StringComparer.Ordinal);
        var mended = new FunctionCallContent[calls.Count];
        for (int i = 0; i < mended.Length; i++)
        {
            FunctionCallContent call = calls[i];
            string id = call.CallId;
            string name = IsName(call.Name) ? call.Name : NameOf(call.Name ?? "");
            bool hasId = !string.IsNullOrWhiteSpace(id) && ids.Add(id);
            if (!hasId)
            {
                id = newId(i);
                ids.Add(id);
            }

            mended[i] = hasId && name == call.Name ? call : With(call, id, name);
        }

        return mended;
    }

    private static bool IsName(string? name) =>
        name is { Length: > 0 and <= MaxNameLength } && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    /// <summary>A name that cannot be that of a tool by chance: such a call is refused, not guessed at.</summary>
    private static string NameOf(string name)
    {
        string clean = string.Concat(name.Take(MaxNameLength - NameMark.Length)
            .Select(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? c : '_'));
        return NameMark + (clean.Length > 0 ? clean : NoName);
    }

    private static FunctionCallContent With(FunctionCallContent call, string id, string name)
    {
        AdditionalPropertiesDictionary properties = call.AdditionalProperties?.Clone() ?? [];
        if (name != call.Name)
        {
            properties[ModelConventions.OriginalName] = Core.Text.Surrogates.Mend(call.Name ?? "");
        }

        if (id != call.CallId && !string.IsNullOrEmpty(call.CallId))
        {
            properties[ModelConventions.OriginalId] = Core.Text.Surrogates.Mend(call.CallId);
        }

        return new(id, name, call.Arguments) { AdditionalProperties = properties, Exception = call.Exception };
    }
}
