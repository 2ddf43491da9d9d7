using System.Text;

namespace AgentFunctions.Monitors.Signals;

/// <summary>What a check saw, cut to a size that can be kept and shown.</summary>
internal static class Evidence
{
    public const int MaxLength = 1_000;

    public static string Of(string text)
    {
        var kept = new StringBuilder(Math.Min(text.Length, MaxLength));
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (kept.Length >= MaxLength)
            {
                kept.Append('…');
                break;
            }

            kept.Append(Rune.IsControl(rune) && rune.Value is not '\n' ? " " : rune.ToString());
        }

        return kept.ToString().Trim();
    }
}
