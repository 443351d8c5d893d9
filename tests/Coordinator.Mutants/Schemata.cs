using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace Coordinator.Mutants;

/// <summary>
/// Writes every mutant of a file into the file itself, each behind a switch: <c>MutantSwitch.Is(17) ? mutated : original</c>. One build holds them all.
/// </summary>
/// <remarks>
/// A place whose text declares a variable (<c>is { } x</c>) is not doubled, since the name would be declared twice; the parts of it are mutated instead. Mutants that the compiler
/// refuses are left out by their numbers.
/// </remarks>
public sealed class Schemata(string file, Func<int> next, IReadOnlySet<int> leftOut) : CSharpSyntaxRewriter
{
    private readonly List<Mutant> _mutants = [];

    public IReadOnlyList<Mutant> Mutants => _mutants;

    public override SyntaxNode? VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        ExpressionSyntax rewritten = (ExpressionSyntax)base.VisitBinaryExpression(node)!;
        if (Declares(node))
        {
            return rewritten;
        }

        SyntaxKind[] others = node.Kind() switch
        {
            SyntaxKind.LogicalAndExpression => [SyntaxKind.LogicalOrExpression],
            SyntaxKind.LogicalOrExpression => [SyntaxKind.LogicalAndExpression],
            SyntaxKind.LessThanExpression => [SyntaxKind.LessThanOrEqualExpression, SyntaxKind.GreaterThanOrEqualExpression],
            SyntaxKind.LessThanOrEqualExpression => [SyntaxKind.LessThanExpression, SyntaxKind.GreaterThanExpression],
            SyntaxKind.GreaterThanExpression => [SyntaxKind.GreaterThanOrEqualExpression, SyntaxKind.LessThanOrEqualExpression],
            SyntaxKind.GreaterThanOrEqualExpression => [SyntaxKind.GreaterThanExpression, SyntaxKind.LessThanExpression],
            SyntaxKind.EqualsExpression => [SyntaxKind.NotEqualsExpression],
            SyntaxKind.NotEqualsExpression => [SyntaxKind.EqualsExpression],
            _ => [],
        };
        foreach (SyntaxKind other in others)
        {
            rewritten = Choose(node, BinaryExpression(other, Bare(node.Left), Bare(node.Right)), rewritten);
        }

        return node.IsKind(SyntaxKind.CoalesceExpression) ? Choose(node, Bare(node.Left), rewritten) : rewritten;
    }

    public override SyntaxNode? VisitPrefixUnaryExpression(PrefixUnaryExpressionSyntax node)
    {
        ExpressionSyntax rewritten = (ExpressionSyntax)base.VisitPrefixUnaryExpression(node)!;
        return node.IsKind(SyntaxKind.LogicalNotExpression) && !Declares(node) ? Choose(node, Bare(node.Operand), rewritten) : rewritten;
    }

    public override SyntaxNode? VisitIsPatternExpression(IsPatternExpressionSyntax node)
    {
        if (Declares(node))
        {
            return node;
        }

        ExpressionSyntax rewritten = Choose(node, Not(Bare(node)), node);
        foreach (PatternSyntax less in Less(node.Pattern))
        {
            rewritten = Choose(node, node.WithPattern(less).WithoutTrivia(), rewritten);
        }

        return rewritten;
    }

    public override SyntaxNode? VisitConditionalExpression(ConditionalExpressionSyntax node)
    {
        ConditionalExpressionSyntax rewritten = (ConditionalExpressionSyntax)base.VisitConditionalExpression(node)!;
        return Declares(node.Condition) ? rewritten : rewritten.WithCondition(Choose(node.Condition, Not(Bare(node.Condition)), rewritten.Condition));
    }

    public override SyntaxNode? VisitIfStatement(IfStatementSyntax node)
    {
        IfStatementSyntax rewritten = (IfStatementSyntax)base.VisitIfStatement(node)!;
        return Declares(node.Condition) ? rewritten : rewritten.WithCondition(Choose(node.Condition, Not(Bare(node.Condition)), rewritten.Condition));
    }

    public override SyntaxNode? VisitSwitchExpressionArm(SwitchExpressionArmSyntax node)
    {
        SwitchExpressionArmSyntax rewritten = node.WithExpression((ExpressionSyntax)Visit(node.Expression)!);
        if (node.WhenClause is { } when && !Declares(when))
        {
            ExpressionSyntax condition = Choose(when.Condition, True(), (ExpressionSyntax)Visit(when.Condition)!);
            rewritten = rewritten.WithWhenClause(WhenClause(condition).WithTrailingTrivia(Space));
        }

        // An arm that throws says that a case cannot be; without it another exception says so.
        return node.Pattern is DiscardPatternSyntax || node.Expression is ThrowExpressionSyntax
            ? rewritten
            : rewritten.WithWhenClause(Without(node, node.Pattern, rewritten.WhenClause));
    }

    public override SyntaxNode? VisitCasePatternSwitchLabel(CasePatternSwitchLabelSyntax node)
    {
        CasePatternSwitchLabelSyntax rewritten = node;
        if (node.WhenClause is { } when && !Declares(when))
        {
            ExpressionSyntax condition = Choose(when.Condition, True(), (ExpressionSyntax)Visit(when.Condition)!);
            rewritten = node.WithWhenClause(WhenClause(condition));
        }

        return rewritten.WithWhenClause(Without(node, node.Pattern, rewritten.WhenClause));
    }

    public override SyntaxNode? VisitCaseSwitchLabel(CaseSwitchLabelSyntax node)
    {
        int number = next();
        if (leftOut.Contains(number))
        {
            return node;
        }

        Note(number, node, $"case {OneLine(node.Value)} never taken");
        return CasePatternSwitchLabel(ConstantPattern(node.Value.WithoutTrivia().WithLeadingTrivia(Space)), WhenClause(Not(Is(number))), Token(SyntaxKind.ColonToken)).NormalizeWhitespace()
            .WithLeadingTrivia(node.GetLeadingTrivia()).WithTrailingTrivia(LineFeed);
    }

    public override SyntaxNode? VisitExpressionStatement(ExpressionStatementSyntax node)
    {
        ExpressionStatementSyntax rewritten = (ExpressionStatementSyntax)base.VisitExpressionStatement(node)!;
        int number = next();
        if (leftOut.Contains(number) || Declares(node))
        {
            return rewritten;
        }

        Note(number, node, "nothing");
        return IfStatement(Not(Is(number)), Block(rewritten.WithoutTrivia())).NormalizeWhitespace().WithLeadingTrivia(node.GetLeadingTrivia()).WithTrailingTrivia(LineFeed);
    }

    public override SyntaxNode? VisitAssignmentExpression(AssignmentExpressionSyntax node)
    {
        AssignmentExpressionSyntax rewritten = (AssignmentExpressionSyntax)base.VisitAssignmentExpression(node)!;
        if (node.Parent is not InitializerExpressionSyntax { Parent: { } owner } || Declares(node) || node.Left is not IdentifierNameSyntax name)
        {
            return rewritten;
        }

        ExpressionSyntax? before = owner switch
        {
            WithExpressionSyntax { Expression: IdentifierNameSyntax or MemberAccessExpressionSyntax } with => MemberAccessExpression(SyntaxKind.SimpleMemberAccessExpression, Bare(with.Expression), name.WithoutTrivia()),
            _ => null,
        };
        return before is null ? rewritten : rewritten.WithRight(Choose(node, before, rewritten.Right));
    }

    public override SyntaxNode? VisitLiteralExpression(LiteralExpressionSyntax node)
    {
        bool isFixed = node.Ancestors().Any(a => a is AttributeSyntax or ParameterSyntax or EnumMemberDeclarationSyntax or PatternSyntax or FieldDeclarationSyntax);
        return (node.Kind(), isFixed) switch
        {
            (SyntaxKind.TrueLiteralExpression, false) => Choose(node, LiteralExpression(SyntaxKind.FalseLiteralExpression), node),
            (SyntaxKind.FalseLiteralExpression, false) => Choose(node, True(), node),
            _ => node,
        };
    }

    public override SyntaxNode? VisitInvocationExpression(InvocationExpressionSyntax node)
    {
        ExpressionSyntax rewritten = (ExpressionSyntax)base.VisitInvocationExpression(node)!;
        if (Declares(node))
        {
            return rewritten;
        }

        if (node.Expression is IdentifierNameSyntax { Identifier.Text: "Accept" or "Answer" } && node.ArgumentList.Arguments is { Count: > 0 } arguments
            && arguments[^1].Expression is ObjectCreationExpressionSyntax or IdentifierNameSyntax { Identifier.Text: not "reply" and not "accepted" })
        {
            rewritten = Choose(node, node.WithArgumentList(ArgumentList(SeparatedList(arguments.Take(arguments.Count - 1)))).WithoutTrivia(), rewritten);
        }

        return node.Expression is MemberAccessExpressionSyntax { Name.Identifier.Text: "Max" } && node.ArgumentList.Arguments.Count == 2
            ? Choose(node, Bare(node.ArgumentList.Arguments[0].Expression), Choose(node, Bare(node.ArgumentList.Arguments[1].Expression), rewritten))
            : rewritten;
    }

    public override SyntaxNode? VisitAttributeList(AttributeListSyntax node) => node;

    /// <summary>Text for people is no decision.</summary>
    public override SyntaxNode? VisitInterpolatedStringExpression(InterpolatedStringExpressionSyntax node) => node;

    public override SyntaxNode? VisitThrowExpression(ThrowExpressionSyntax node) => node;

    public override SyntaxNode? VisitThrowStatement(ThrowStatementSyntax node) => node;

    private ExpressionSyntax Choose(SyntaxNode original, ExpressionSyntax mutated, ExpressionSyntax rewritten)
    {
        int number = next();
        if (leftOut.Contains(number))
        {
            return rewritten;
        }

        Note(number, original, OneLine(mutated));
        return ParenthesizedExpression(ConditionalExpression(Is(number), Parenthesized(mutated), Parenthesized(rewritten.WithoutTrivia()))).NormalizeWhitespace(indentation: "", eol: " ")
            .WithLeadingTrivia(rewritten.GetLeadingTrivia()).WithTrailingTrivia(rewritten.GetTrailingTrivia());
    }

    private WhenClauseSyntax? Without(SyntaxNode original, PatternSyntax pattern, WhenClauseSyntax? when)
    {
        int number = next();
        if (leftOut.Contains(number))
        {
            return when;
        }

        Note(number, original, $"{OneLine(pattern)} never taken");
        ExpressionSyntax condition = when is null ? Not(Is(number)) : BinaryExpression(SyntaxKind.LogicalAndExpression, Not(Is(number)), Parenthesized(when.Condition.WithoutTrivia()));
        return WhenClause(condition).NormalizeWhitespace().WithLeadingTrivia(Space).WithTrailingTrivia(Space);
    }

    private void Note(int number, SyntaxNode original, string becomes) =>
        _mutants.Add(new Mutant(number, file, original.GetLocation().GetLineSpan().StartLinePosition.Line + 1, OneLine(original), becomes));

    private static IEnumerable<PatternSyntax> Less(PatternSyntax pattern)
    {
        if (pattern is BinaryPatternSyntax { RawKind: (int)SyntaxKind.OrPattern } or)
        {
            yield return or.Left;
            yield return or.Right;
        }
    }

    private static bool Declares(SyntaxNode node) => node.DescendantNodesAndSelf().Any(n => n is SingleVariableDesignationSyntax or DeclarationExpressionSyntax);

    private static ExpressionSyntax Bare(ExpressionSyntax expression) => Parenthesized(expression.WithoutTrivia());

    private static ExpressionSyntax Parenthesized(ExpressionSyntax expression) =>
        expression is IdentifierNameSyntax or LiteralExpressionSyntax or ParenthesizedExpressionSyntax or MemberAccessExpressionSyntax or InvocationExpressionSyntax ? expression : ParenthesizedExpression(expression);

    private static PrefixUnaryExpressionSyntax Not(ExpressionSyntax expression) => PrefixUnaryExpression(SyntaxKind.LogicalNotExpression, Parenthesized(expression));

    private static LiteralExpressionSyntax True() => LiteralExpression(SyntaxKind.TrueLiteralExpression);

    private static InvocationExpressionSyntax Is(int number) => (InvocationExpressionSyntax)ParseExpression($"global::Coordinator.Domain.MutantSwitch.Is({number})");

    private static string OneLine(SyntaxNode node) => string.Join(' ', node.WithoutTrivia().NormalizeWhitespace(indentation: "", eol: " ").ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
