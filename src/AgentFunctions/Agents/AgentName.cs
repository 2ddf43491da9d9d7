using System.Text;

namespace AgentFunctions.Agents;

/// <summary>Makes names of agents out of what people call theirs.</summary>
internal static class AgentName
{
    private const int MaxLength = 64;

    /// <summary>Gets a name of letters, digits, <c>-</c> and <c>_</c>; empty if nothing of the text can be one.</summary>
    /// <param name="text">The text.</param>
    public static string Of(string text)
    {
        var name = new StringBuilder();
        foreach (char c in text)
        {
            bool isValid = char.IsAsciiLetterOrDigit(c) || c is '-' or '_';
            _ = isValid ? name.Append(c) : name is { Length: > 0 } && name[^1] != '-' ? name.Append('-') : name;
        }

        string trimmed = name.ToString();
        trimmed = trimmed == text ? trimmed : trimmed.Trim('-');
        return trimmed.Length > MaxLength ? trimmed[..MaxLength] : trimmed;
    }
}
