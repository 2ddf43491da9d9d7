using System.Text;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Governance.Redaction;

namespace AgentFunctions.Governance.Approvals;

/// <summary>Approvals as people see them: secrets masked, and each masked part named.</summary>
internal static class ApprovalView
{
    /// <summary>Gets an approval without secrets.</summary>
    public static Approval Of(Approval approval, Redactor redactor) => approval with
    {
        Masked = PartsOf(approval.Edited ?? approval.Arguments, redactor),
        Arguments = redactor.RedactFree(approval.Arguments),
        Edited = approval.Edited is { } edited ? redactor.RedactFree(edited) : null,
        CallHash = HashOf(approval),
        Goal = redactor.Redact(approval.Goal),
        Reason = redactor.Redact(approval.Reason),
    };

    /// <summary>Gets the hash of the call that would be made now, of an approval as it is stored.</summary>
    public static string HashOf(Approval stored) => stored.Edited is { } edited
        ? CallHash.Of(stored.RunId, stored.Turn, stored.Call, stored.Tool, edited)
        : stored.CallHash;

    /// <summary>Gets the parts of arguments that people are not shown.</summary>
    public static IReadOnlyList<MaskedPart> PartsOf(JsonElement arguments, Redactor redactor)
    {
        List<MaskedPart> parts = [];
        Add(parts, "$", arguments, redactor);
        return parts;
    }

    /// <summary>Whether a masked part is more than a plain value, so that it could hide what a call really does.</summary>
    public static bool HidesBlock(JsonElement arguments, Redactor redactor) =>
        PartsOf(arguments, redactor).Any(static part => !part.IsPlain);

    private static void Add(List<MaskedPart> parts, string path, JsonElement value, Redactor redactor)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    Add(parts, $"{path} (a name)", member.Name, redactor);
                    Add(parts, $"{path}.{redactor.Redact(member.Name)}", member.Value, redactor);
                }

                break;
            case JsonValueKind.Array:
                int index = 0;
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Add(parts, $"{path}[{index++}]", item, redactor);
                }

                break;
            case JsonValueKind.String:
                Add(parts, path, value.GetString()!, redactor);
                break;
            case JsonValueKind.Number:
                Add(parts, path, value.GetRawText(), redactor);
                break;
        }
    }

    private static void Add(List<MaskedPart> parts, string path, string text, Redactor redactor)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        parts.AddRange(redactor.FindInText(bytes).Select(mask => new MaskedPart(
            path, Encoding.UTF8.GetCharCount(bytes, mask.Start, mask.Length), mask.Why, mask.IsPlain)));
    }
}
