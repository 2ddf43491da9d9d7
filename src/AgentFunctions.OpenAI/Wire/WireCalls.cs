using System.Text.Json;
using AgentFunctions.Models;

namespace AgentFunctions.OpenAI.Wire;

/// <summary>
/// Puts the tool calls of an answer together. Endpoints number them from 0, number all of them 0, or not at all; they repeat
/// names and ids, or leave them out; they send arguments as text, in pieces, as an object, or not at all.
/// </summary>
internal sealed class WireCalls
{
    private readonly List<WireCall> _calls = [];
    private int _chunk;
    private int _taken;

    /// <summary>Gets the calls in the order in which they began.</summary>
    public IReadOnlyList<WireCall> All => _calls;

    /// <summary>Takes what came of the calls since it was last taken.</summary>
    public IReadOnlyList<CallPiece> TakePieces()
    {
        if (_taken == _chunk)
        {
            return [];
        }

        _taken = _chunk;
        List<CallPiece> pieces = [];
        for (int i = 0; i < _calls.Count; i++)
        {
            if (_calls[i].TakeNew() is { } added)
            {
                pieces.Add(new CallPiece(i, _calls[i].Name, added));
            }
        }

        return pieces;
    }

    /// <summary>Takes the calls of a chunk or an answer.</summary>
    /// <param name="parts">The value of <c>tool_calls</c>.</param>
    /// <returns>Whether there was anything in it.</returns>
    public bool Add(JsonElement parts)
    {
        _chunk++;
        bool any = false;
        foreach (JsonElement part in parts.ValueKind == JsonValueKind.Array ? [.. parts.EnumerateArray()] : new[] { parts })
        {
            if (part.ValueKind == JsonValueKind.Object)
            {
                any |= Add(Part.Of(part));
            }
        }

        return any;
    }

    /// <summary>Takes the one call of the protocol's old form.</summary>
    /// <param name="function">The value of <c>function_call</c>.</param>
    /// <returns>Whether there was anything in it.</returns>
    public bool AddLegacy(JsonElement function)
    {
        _chunk++;
        return function.ValueKind == JsonValueKind.Object && Add(Part.Of(function));
    }

    private bool Add(Part part)
    {
        if (part.IsEmpty)
        {
            return false;
        }

        WireCall? call = Find(part);
        if (call is not null && IsRepetition(call, part))
        {
            call.Chunk = _chunk;
            return false;
        }

        if (call is null || BeginsAnother(call, part))
        {
            // Arguments that follow whole ones without a name are those of another call of the same tool.
            string name = part.Name.Length == 0 && part.Id is null && call is not null ? call.Name : "";
            _calls.Add(call = new WireCall(part.Index) { Name = name });
        }

        call.Id ??= part.Id;
        call.Extra ??= part.Extra;
        // A name comes whole and is repeated, or comes in pieces before any argument.
        if (call.Name != part.Name && !call.HasArguments)
        {
            call.Name += part.Name;
        }

        call.Append(part.Arguments);
        call.Chunk = _chunk;
        return true;
    }

    /// <summary>The call that a part may belong to.</summary>
    private WireCall? Find(Part part)
    {
        if (part.Index is { } index && _calls.FindLast(call => call.Index == index) is { } numbered)
        {
            return numbered;
        }

        if (part.Id is not null && _calls.FindLast(call => call.Id == part.Id) is { } known)
        {
            // Two calls with one id, told apart by their numbers.
            return part.Index is not null && part.Name.Length > 0 && known.Index is not null ? null : known;
        }

        // Neither number nor id is known: a part without a name goes on with the last call.
        return part.Name.Length == 0 && (part.Id is null || part.Index is null) && _calls is [.., { IsWhole: false } last] ? last
            : part.Index is null && part.Id is null && _calls.Count > 0 ? _calls[^1]
            : null;
    }

    /// <summary>Whether a part says once more what is known: a last chunk that repeats the call.</summary>
    private bool IsRepetition(WireCall call, Part part) =>
        call.Chunk != _chunk && part.Arguments.Length > 0 && part.Arguments.Length == call.Length && call.IsWhole
        && (part.Name.Length == 0 || part.Name == call.Name) && part.Arguments == call.Arguments
        && (part.Id is null || part.Id == call.Id);

    /// <summary>Whether a part under a known number or id begins a call of its own.</summary>
    private bool BeginsAnother(WireCall call, Part part)
    {
        if (part.Name.Length == 0)
        {
            return part.Arguments.AsSpan().TrimStart().StartsWith("{") && call.IsWhole;
        }

        bool hasOtherId = part.Id is not null && call.Id is not null && part.Id != call.Id;
        if (call.Chunk == _chunk || (part.Arguments.Length > 0 && call.IsWhole))
        {
            return true;
        }

        // An id that changes with each chunk of one call is a known accent; another name with it is another call.
        return hasOtherId ? part.Name != call.Name || call.IsWhole
            : part.Name != call.Name && (call.HasArguments || part.Index is null);
    }

    /// <summary>What one part says.</summary>
    private readonly record struct Part(long? Index, string? Id, string Name, string Arguments, string? Extra)
    {
        public bool IsEmpty => Id is null && Name.Length == 0 && Arguments.Length == 0;

        public static Part Of(JsonElement part)
        {
            JsonElement function = part.Member("function") ?? part;
            JsonElement? arguments = function.Member("arguments") ?? function.Member("parameters") ?? part.Member("arguments");
            JsonElement? id = part.Member("id") ?? part.Member("tool_call_id");
            return new(
                part.Member("index")?.AsWhole(),
                id is { ValueKind: JsonValueKind.Number } number ? number.GetRawText() : id?.AsText() is { Length: > 0 } text
                    ? text
                    : null,
                function.Text("name") ?? part.Text("name") ?? "",
                arguments is null ? "" : arguments.Value.AsText() ?? arguments.Value.GetRawText(),
                part.Member("extra_content")?.GetRawText());
        }
    }
}
