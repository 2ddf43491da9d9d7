using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using AgentFunctions.Durability;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Tests.Storage;

/// <summary>Makes an example of a recorded type: every member that is written is set, to a value of its own.</summary>
internal sealed class RecordedExample
{
    private const int MaxDepth = 8;

    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private readonly HashSet<Type> _within = [];
    private int _count;

    public static object Of(Type type) => new RecordedExample().Make(type, 0)!;

    private object? Make(Type type, int depth)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        int number = ++_count;
        return type switch
        {
            _ when type == typeof(string) => $"text {number} \"ä\"",
            _ when type == typeof(bool) => true,
            _ when type == typeof(int) => number,
            _ when type == typeof(long) => (long)number,
            _ when type == typeof(double) => number + 0.5,
            _ when type == typeof(decimal) => number + 0.25m,
            _ when type == typeof(DateTimeOffset) => Start.AddMinutes(number),
            _ when type == typeof(TimeSpan) => TimeSpan.FromSeconds(number),
            _ when type == typeof(Uri) => new Uri($"https://example.org/{number}"),
            _ when type == typeof(byte[]) => new byte[] { (byte)number, 2, 3 },
            _ when type == typeof(JsonElement) => JsonSerializer.SerializeToElement(new { number, list = new[] { 1, 2 } }),
            _ when typeof(JsonNode).IsAssignableFrom(type) => new JsonObject { ["number"] = number },
            _ when type == typeof(ChatMessage) => Message(),
            _ when type.IsEnum => Enum.GetValues(type).GetValue(Enum.GetValues(type).Length - 1),
            _ when Element(type) is { } element => List(type, element, depth),
            _ when Pair(type) is { } value => Map(type, value, depth),
            _ => Record(type, depth),
        };
    }

    private static ChatMessage Message() => new(ChatRole.Assistant,
    [
        new TextReasoningContent("It thinks."), new TextContent("It says."),
        new FunctionCallContent("call-1", "write_file", new Dictionary<string, object?> { ["path"] = "a.txt" }),
    ]);

    private static Type? Element(Type type) =>
        type.IsArray ? type.GetElementType()
        : type.IsGenericType && type.GetGenericArguments() is [var element] && IsList(type, element) ? element
        : null;

    private static bool IsList(Type type, Type element) =>
        type.IsAssignableFrom(typeof(List<>).MakeGenericType(element))
            || type == typeof(ImmutableList<>).MakeGenericType(element);

    private static Type? Pair(Type type) =>
        type.IsGenericType && type.GetGenericArguments() is [var key, var value] && key == typeof(string)
        && (type.IsAssignableFrom(typeof(Dictionary<,>).MakeGenericType(key, value))
            || type == typeof(ImmutableDictionary<,>).MakeGenericType(key, value)) ? value : null;

    private object List(Type list, Type element, int depth)
    {
        if (depth >= MaxDepth)
        {
            return Activator.CreateInstance(typeof(List<>).MakeGenericType(element))!;
        }

        Array items = Array.CreateInstance(element, 2);
        items.SetValue(Make(element, depth + 1), 0);
        items.SetValue(Make(element, depth + 1), 1);
        return As(list, items);
    }

    /// <summary>An immutable collection is read from the JSON of the plain one.</summary>
    private static object As(Type type, object made) => type.IsInstanceOfType(made)
        ? made
        : JsonSerializer.Deserialize(
            JsonSerializer.Serialize(made, DurableJson.Options.GetTypeInfo(made.GetType())),
            DurableJson.Options.GetTypeInfo(type))!;

    private object Map(Type map, Type value, int depth)
    {
        var items = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), value))!;
        // One alone: an immutable map has no order.
        items["one"] = Make(value, depth + 1);
        return As(map, items);
    }

    private object? Record(Type type, int depth)
    {
        ConstructorInfo? constructor = type.GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
            .Where(made => made.GetParameters() is not [var only] || only.ParameterType != type)
            .OrderByDescending(static made => made.GetParameters().Length).FirstOrDefault();
        if (constructor is null)
        {
            return null;
        }

        bool isNested = !_within.Add(type);
        object made = constructor.Invoke([.. constructor.GetParameters().Select(
            parameter => isNested && parameter.ParameterType == type ? null : Make(parameter.ParameterType, depth + 1))]);
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            bool isWritten = property.GetCustomAttribute<JsonIgnoreAttribute>() is null
                && property.GetIndexParameters().Length == 0;
            bool isParameter = constructor.GetParameters().Any(parameter => parameter.Name == property.Name);
            // A record within one of its own kind has what it must have alone.
            bool isWanted = !isNested || property.GetCustomAttribute<RequiredMemberAttribute>() is not null;
            if (isWritten && !isParameter && isWanted && property.CanWrite)
            {
                property.SetValue(made, Make(property.PropertyType, depth + 1));
            }
        }

        if (!isNested)
        {
            _within.Remove(type);
        }

        return made;
    }
}
