namespace AgentFunctions.Core;

/// <summary>Effects as files spell them.</summary>
internal static class ToolEffects
{
    public static bool TryParse(string text, out ToolEffect effect)
    {
        (bool known, effect) = text switch
        {
            "none" => (true, ToolEffect.None),
            "idempotent" => (true, ToolEffect.Idempotent),
            "notIdempotent" => (true, ToolEffect.NotIdempotent),
            _ => (false, ToolEffect.NotIdempotent),
        };
        return known;
    }

    /// <summary>The more dangerous of two.</summary>
    public static ToolEffect Stricter(ToolEffect first, ToolEffect second) => first > second ? first : second;
}
