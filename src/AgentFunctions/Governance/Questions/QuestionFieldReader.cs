using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentFunctions.Governance.Questions;

/// <summary>Reads the fields of forms.</summary>
internal static class QuestionFieldReader
{
    private const int MaxName = 64;
    private const int MaxChoices = 100;

    private static readonly string[] Common = ["type", "title", "description", "default"];
    private static readonly string[] OfText = [.. Common, "minLength", "maxLength", "format", "pattern"];
    private static readonly string[] OfNumber = [.. Common, "minimum", "maximum"];
    private static readonly string[] OfChoice = [.. Common, "enum", "enumNames", "oneOf"];
    private static readonly string[] OfChoices = [.. Common, "items", "minItems", "maxItems", "uniqueItems"];
    private static readonly string[] OfItems = ["type", "enum", "enumNames", "anyOf", "oneOf"];
    private static readonly string[] Formats = ["email", "uri", "date", "date-time"];

    /// <summary>Words that name what nobody may be asked to type.</summary>
    private static readonly HashSet<string> Secrets = new(StringComparer.Ordinal)
    {
        "password", "passwords", "passwd", "passphrase", "passcode", "secret", "secrets", "credential", "credentials", "apikey",
        "accesstoken", "privatekey",
    };

    /// <summary>Reads a field.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="schema">Its schema.</param>
    /// <returns>The field, and its schema in the one form that is stored.</returns>
    public static (QuestionField Field, JsonObject Schema) Read(string name, JsonElement schema)
    {
        string place = $"form.properties.{name}";
        if (name.Length is 0 or > MaxName || schema.ValueKind != JsonValueKind.Object)
        {
            throw QuestionFormReader.Bad(place, $"use a name of 1 to {MaxName} characters and a schema.");
        }

        string? title = QuestionFormReader.TextOf(schema, "title");
        if (NamesSecret(name) || NamesSecret(title ?? ""))
        {
            throw QuestionFormReader.Bad(place,
                "people are never asked for passwords, keys or other secrets here. Have the host configured with it instead.");
        }

        (QuestionFieldKind kind, JsonObject written) = KindOf(schema, place);
        var field = new QuestionField(name, kind)
        {
            Title = title ?? name,
            Description = QuestionFormReader.TextOf(schema, "description"),
            Default = schema.TryGetProperty("default", out JsonElement value) ? value : null,
            Choices = kind is QuestionFieldKind.Choice ? ChoicesOf(schema, place) : kind is QuestionFieldKind.Choices
                ? ChoicesOf(schema.GetProperty("items"), $"{place}.items")
                : [],
        };
        Annotate(written, field, title);
        return (field, written);
    }

    private static (QuestionFieldKind Kind, JsonObject Schema) KindOf(JsonElement schema, string place)
    {
        switch (QuestionFormReader.TextOf(schema, "type"))
        {
            case "string" when schema.TryGetProperty("enum", out _) || schema.TryGetProperty("oneOf", out _):
                QuestionFormReader.Only(schema, OfChoice, place);
                return (QuestionFieldKind.Choice,
                    new JsonObject { ["type"] = "string", ["oneOf"] = Written(ChoicesOf(schema, place)) });
            case "string":
                QuestionFormReader.Only(schema, OfText, place);
                if (QuestionFormReader.TextOf(schema, "format") is { } format && !Formats.Contains(format))
                {
                    throw QuestionFormReader.Bad($"{place}.format", $"use one of: {string.Join(", ", Formats)}.");
                }

                return (QuestionFieldKind.Text, Copy(schema, "minLength", "maxLength", "format", "pattern"));
            case "integer":
                QuestionFormReader.Only(schema, OfNumber, place);
                return (QuestionFieldKind.WholeNumber, Copy(schema, "minimum", "maximum"));
            case "number":
                QuestionFormReader.Only(schema, OfNumber, place);
                return (QuestionFieldKind.Number, Copy(schema, "minimum", "maximum"));
            case "boolean":
                QuestionFormReader.Only(schema, Common, place);
                return (QuestionFieldKind.YesNo, Copy(schema));
            case "array" when schema.TryGetProperty("items", out JsonElement items) && items.ValueKind == JsonValueKind.Object:
                QuestionFormReader.Only(schema, OfChoices, place);
                QuestionFormReader.Only(items, OfItems, $"{place}.items");
                JsonObject several = Copy(schema, "minItems", "maxItems");
                several["items"] = new JsonObject
                {
                    ["type"] = "string",
                    ["oneOf"] = Written(ChoicesOf(items, $"{place}.items"))
                };
                several["uniqueItems"] = true;
                return (QuestionFieldKind.Choices, several);
            default:
                throw QuestionFormReader.Bad(
                    $"{place}.type", "use string, integer, number, boolean, or array with items of choices; a form has no objects within.");
        }
    }

    private static IReadOnlyList<QuestionChoice> ChoicesOf(JsonElement schema, string place)
    {
        QuestionChoice[] choices = schema.TryGetProperty("enum", out JsonElement values)
            ? Named(values, schema, place)
            : (schema.TryGetProperty("oneOf", out JsonElement options) || schema.TryGetProperty("anyOf", out options))
                && options.ValueKind == JsonValueKind.Array
                ? [.. options.EnumerateArray().Select(option => Titled(option, place))]
                : [];
        return choices.Length is 0 or > MaxChoices || choices.DistinctBy(static choice => choice.Value).Count() < choices.Length
            ? throw QuestionFormReader.Bad(place,
                $"use 1 to {MaxChoices} different choices: 'enum' with values, or 'oneOf' with 'const' and 'title' for each.")
            : choices;
    }

    private static QuestionChoice[] Named(JsonElement values, JsonElement schema, string place)
    {
        string[] all = Texts(values, $"{place}.enum");
        string[] names = schema.TryGetProperty("enumNames", out JsonElement given) ? Texts(given, $"{place}.enumNames") : all;
        return names.Length == all.Length
            ? [.. all.Zip(names, static (value, title) => new QuestionChoice(value, title))]
            : throw QuestionFormReader.Bad($"{place}.enumNames", "give as many names as values.");
    }

    private static string[] Texts(JsonElement values, string place) =>
        values.ValueKind == JsonValueKind.Array
            && values.EnumerateArray().All(static value => value.ValueKind == JsonValueKind.String)
            ? [.. values.EnumerateArray().Select(static value => value.GetString()!)]
            : throw QuestionFormReader.Bad(place, "use a list of texts.");

    private static QuestionChoice Titled(JsonElement option, string place) =>
        option.ValueKind == JsonValueKind.Object && QuestionFormReader.TextOf(option, "const") is { } value
            ? new QuestionChoice(value, QuestionFormReader.TextOf(option, "title") ?? value)
            : throw QuestionFormReader.Bad($"{place}.oneOf", "give each choice a text as 'const', and a 'title'.");

    private static JsonArray Written(IReadOnlyList<QuestionChoice> choices) =>
        [.. choices.Select(static choice => (JsonNode)new JsonObject { ["const"] = choice.Value, ["title"] = choice.Title })];

    private static JsonObject Copy(JsonElement schema, params IEnumerable<string> names)
    {
        var copy = new JsonObject { ["type"] = schema.GetProperty("type").GetString() };
        foreach (string name in names)
        {
            if (schema.TryGetProperty(name, out JsonElement value))
            {
                copy[name] = JsonNode.Parse(value.GetRawText());
            }
        }

        return copy;
    }

    private static void Annotate(JsonObject written, QuestionField field, string? title)
    {
        if (title is not null)
        {
            written["title"] = title;
        }

        if (field.Description is { } description)
        {
            written["description"] = description;
        }

        if (field.Default is { } value)
        {
            written["default"] = JsonNode.Parse(value.GetRawText());
        }
    }

    /// <summary>
    /// Whether a name is made of words that stand for a secret: <c>dbPassword</c>, <c>api_key</c>, <c>Access token</c>.
    /// </summary>
    private static bool NamesSecret(string name)
    {
        List<string> words = [];
        var word = new StringBuilder();
        for (int i = 0; i <= name.Length; i++)
        {
            bool ends = i == name.Length || !char.IsLetter(name[i])
                || (char.IsUpper(name[i]) && i > 0 && char.IsLower(name[i - 1]));
            if (ends && word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }

            if (i < name.Length && char.IsLetter(name[i]))
            {
                word.Append(char.ToLowerInvariant(name[i]));
            }
        }

        return words.Where((one, i) => Secrets.Contains(one) || (i > 0 && Secrets.Contains(words[i - 1] + one))).Any();
    }
}
