using System.Globalization;
using System.Text.Json;

namespace AgentFunctions.Governance.Policies;

/// <summary>Reads numbers so that 5, 5.0 and 5e0 are one.</summary>
internal static class ArgumentNumber
{
    public static bool TryRead(string text, out decimal number) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    /// <summary>Gets the text of a value: of a number the shortest form, of text itself, of all else its JSON.</summary>
    /// <param name="value">The value.</param>
    public static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number when TryRead(value.GetRawText(), out decimal number) =>
            (number == 0 ? 0m : number).ToString("0.#############################", CultureInfo.InvariantCulture),
        _ => value.GetRawText(),
    };
}
