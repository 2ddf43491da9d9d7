using AgentFunctions.Models;

namespace AgentFunctions.OpenAI;

/// <summary>Reads which models stand in for one, and when.</summary>
internal static class FallbackReader
{
    private static readonly ModelTrouble[] Troubles = [ModelTrouble.Unreachable, ModelTrouble.Refused, ModelTrouble.Overloaded,
        ModelTrouble.Slow];

    /// <summary>Gets the words that <see cref="ModelOptions.FallbackOn"/> takes.</summary>
    public static string Words { get; } = string.Join(", ",
        Troubles.Select(static trouble => trouble.ToString().ToLowerInvariant()));

    /// <summary>Reads the fallback of a model whose options have no fault.</summary>
    /// <param name="options">The options.</param>
    /// <returns>The fallback; <see langword="null"/> for none.</returns>
    public static ModelFallback? Read(ModelOptions options) => Split(options.Fallback) is { Length: > 0 } models
        ? new ModelFallback(models)
        {
            On = Split(options.FallbackOn) is { Length: > 0 } words
                ? words.Aggregate(ModelTrouble.None, static (all, word) => all | TroubleOf(word)) : ModelTrouble.Any,
        }
        : null;

    /// <summary>Finds a word that names no trouble; <see langword="null"/> if there is none.</summary>
    /// <param name="options">The options.</param>
    public static string? UnknownWord(ModelOptions options) =>
        Split(options.FallbackOn).FirstOrDefault(static word => TroubleOf(word) == ModelTrouble.None);

    private static ModelTrouble TroubleOf(string word) =>
        Troubles.FirstOrDefault(trouble => string.Equals(trouble.ToString(), word, StringComparison.OrdinalIgnoreCase));

    private static string[] Split(string? list) =>
        (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
