/**
 * Rewrites a module so that it counts which of its branches run, and shows what it compares, to the names of
 * test/fuzz/probes.ts. What the module does stays the same.
 */
import ts from 'typescript';

const { factory, SyntaxKind } = ts;

/** By operator: the probe that compares in its place, and whether its answer is turned round. */
const COMPARISONS = new Map<ts.SyntaxKind, readonly [name: string, not: boolean]>([
  [SyntaxKind.EqualsEqualsEqualsToken, ['probeSame', false]],
  [SyntaxKind.ExclamationEqualsEqualsToken, ['probeSame', true]],
  [SyntaxKind.LessThanToken, ['probeLess', false]],
  [SyntaxKind.LessThanEqualsToken, ['probeLessOrSame', false]],
  [SyntaxKind.GreaterThanToken, ['probeMore', false]],
  [SyntaxKind.GreaterThanEqualsToken, ['probeMoreOrSame', false]],
]);

/** Operators whose right side runs only sometimes. */
const SHORT_CUTS = new Set<ts.SyntaxKind>([
  ...[SyntaxKind.AmpersandAmpersandToken, SyntaxKind.BarBarToken, SyntaxKind.QuestionQuestionToken],
  ...[SyntaxKind.AmpersandAmpersandEqualsToken, SyntaxKind.BarBarEqualsToken, SyntaxKind.QuestionQuestionEqualsToken],
]);

/** Compared with these, a value says nothing that an input could be made of. */
const isDull = (node: ts.Expression): boolean =>
  ts.isTypeOfExpression(node) ||
  [SyntaxKind.NullKeyword, SyntaxKind.TrueKeyword, SyntaxKind.FalseKeyword].includes(node.kind) ||
  (ts.isIdentifier(node) && node.text === 'undefined');

/** The marks of one module: hands out the numbers of its branches. */
class Marks {
  count = 0;

  /** `probeHits[N]++` */
  private mark(): ts.Expression {
    const place = factory.createElementAccessExpression(factory.createIdentifier('probeHits'), this.count++);
    return factory.createPostfixIncrement(place);
  }

  statement(): ts.Statement {
    return factory.createExpressionStatement(this.mark());
  }

  before(expression: ts.Expression): ts.Expression {
    return factory.createParenthesizedExpression(factory.createComma(this.mark(), expression));
  }

  block(statement: ts.Statement | undefined): ts.Block {
    const inside = statement === undefined ? [] : ts.isBlock(statement) ? statement.statements : [statement];
    return factory.createBlock([this.statement(), ...inside], true);
  }
}

const compared = (node: ts.BinaryExpression): ts.Expression | undefined => {
  const probe = COMPARISONS.get(node.operatorToken.kind);
  if (probe === undefined || isDull(node.left) || isDull(node.right)) return undefined;
  const call = factory.createCallExpression(factory.createIdentifier(probe[0]), undefined, [node.left, node.right]);
  return probe[1] ? factory.createLogicalNot(call) : call;
};

const markedExpression = (node: ts.Node, marks: Marks): ts.Node | undefined => {
  if (ts.isConditionalExpression(node)) {
    const [yes, no] = [marks.before(node.whenTrue), marks.before(node.whenFalse)];
    return factory.updateConditionalExpression(node, node.condition, node.questionToken, yes, node.colonToken, no);
  }
  if (!ts.isBinaryExpression(node)) return undefined;
  if (!SHORT_CUTS.has(node.operatorToken.kind)) return compared(node);
  return factory.updateBinaryExpression(node, node.left, node.operatorToken, marks.before(node.right));
};

const markedLoop = (node: ts.Node, marks: Marks): ts.Node | undefined => {
  if (ts.isForStatement(node)) {
    const { initializer, condition, incrementor } = node;
    return factory.updateForStatement(node, initializer, condition, incrementor, marks.block(node.statement));
  }
  if (ts.isForOfStatement(node)) {
    const { awaitModifier, initializer, expression } = node;
    return factory.updateForOfStatement(node, awaitModifier, initializer, expression, marks.block(node.statement));
  }
  if (ts.isWhileStatement(node))
    return factory.updateWhileStatement(node, node.expression, marks.block(node.statement));
  return ts.isDoStatement(node)
    ? factory.updateDoStatement(node, marks.block(node.statement), node.expression)
    : undefined;
};

const markedStatement = (node: ts.Node, marks: Marks): ts.Node | undefined => {
  if (ts.isIfStatement(node)) {
    return factory.updateIfStatement(
      node,
      node.expression,
      marks.block(node.thenStatement),
      marks.block(node.elseStatement),
    );
  }
  if (ts.isCaseClause(node))
    return factory.updateCaseClause(node, node.expression, [marks.statement(), ...node.statements]);
  if (ts.isDefaultClause(node)) return factory.updateDefaultClause(node, [marks.statement(), ...node.statements]);
  if (ts.isCatchClause(node)) return factory.updateCatchClause(node, node.variableDeclaration, marks.block(node.block));
  return undefined;
};

const markedFunction = (node: ts.Node, marks: Marks): ts.Node | undefined => {
  if (ts.isArrowFunction(node)) {
    const { modifiers, typeParameters, parameters, type, equalsGreaterThanToken: arrow } = node;
    const body = ts.isBlock(node.body) ? marks.block(node.body) : marks.before(node.body);
    return factory.updateArrowFunction(node, modifiers, typeParameters, parameters, type, arrow, body);
  }
  if (ts.isMethodDeclaration(node) && node.body !== undefined) {
    const { modifiers, asteriskToken, name, questionToken, typeParameters, parameters, type } = node;
    const body = marks.block(node.body);
    return factory.updateMethodDeclaration(
      ...([node, modifiers, asteriskToken, name, questionToken, typeParameters, parameters, type, body] as const),
    );
  }
  if (!ts.isFunctionExpression(node)) return undefined;
  const { modifiers, asteriskToken, name, typeParameters, parameters, type } = node;
  const body = marks.block(node.body);
  return factory.updateFunctionExpression(
    ...([node, modifiers, asteriskToken, name, typeParameters, parameters, type, body] as const),
  );
};

/** Words that the module's text names: what its tables, comparisons and patterns look for. */
const wordsOf = (node: ts.Node): readonly string[] => {
  if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name)) return [node.name.text];
  if (ts.isRegularExpressionLiteral(node)) return node.text.match(/[A-Za-z_-]{3,}/g) ?? [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  return ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node) ? [node.text.trim()] : [];
};

/** Sentences are what a module says, not what it reads. */
const isToken = (word: string): boolean => word.length >= 2 && word.length <= 40 && word.split(' ').length <= 2;

interface Vocabulary {
  readonly words: Set<string>;
  readonly numbers: Set<number>;
}

const learn = (node: ts.Node, { words, numbers }: Vocabulary): void => {
  for (const word of wordsOf(node)) if (isToken(word)) words.add(word);
  if (ts.isNumericLiteral(node) && Number.isSafeInteger(Number(node.text))) numbers.add(Number(node.text));
};

/** `const probeHits = probeModule(COUNT, WORDS, NUMBERS);` */
const opening = (count: number, { words, numbers }: Vocabulary): ts.Statement => {
  const list = (items: readonly ts.Expression[]): ts.Expression => factory.createArrayLiteralExpression(items);
  const call = factory.createCallExpression(factory.createIdentifier('probeModule'), undefined, [
    factory.createNumericLiteral(count),
    list([...words].map((word) => factory.createStringLiteral(word))),
    list([...numbers].map((number) => factory.createNumericLiteral(number))),
  ]);
  const declaration = factory.createVariableDeclaration('probeHits', undefined, undefined, call);
  return factory.createVariableStatement(
    undefined,
    factory.createVariableDeclarationList([declaration], ts.NodeFlags.Const),
  );
};

const transformer: ts.TransformerFactory<ts.SourceFile> = (context) => (file) => {
  const marks = new Marks();
  const vocabulary = { words: new Set<string>(), numbers: new Set<number>() };
  const visit = (node: ts.Node): ts.Node => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return node;
    learn(node, vocabulary);
    const inner = ts.visitEachChild(node, visit, context);
    return (
      markedExpression(inner, marks) ??
      markedStatement(inner, marks) ??
      markedLoop(inner, marks) ??
      markedFunction(inner, marks) ??
      inner
    );
  };
  const inner = ts.visitEachChild(file, visit, context);
  return factory.updateSourceFile(inner, [opening(marks.count, vocabulary), ...inner.statements]);
};

/** The module in JavaScript, with its probes and a source map in its last line. */
export const instrument = (path: string, text: string): string =>
  ts.transpileModule(text, {
    fileName: path,
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
      inlineSources: true,
    },
    transformers: { before: [transformer] },
  }).outputText;
